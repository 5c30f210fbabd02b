// The house's import rules (who may know whom), each with its reason. `npm run check:imports` holds them,
// and test/house/import-rules.test.ts shows that each of them bites.

const PARTS =
  '(contexts|gateway|outbox|relay|consumer|legacy-adapter|control-plane|cli|runtime|demo|test|bench)';

/** A part may import itself and what is named; anything else of ours is an error. */
const part = (name, allowed, comment) => ({
  name: `${name}-imports`,
  severity: 'error',
  comment,
  from: { path: `^${name}/` },
  to: { path: `^${PARTS}/`, pathNot: `^(${[`${name}/`, ...allowed].join('|')})` },
});

/** Packages that only the named files may import; tests and the demo are free. */
const quarantine = (name, packages, files, comment) => ({
  name,
  severity: 'error',
  comment,
  from: { pathNot: `^((demo|test|bench)/|${files})` },
  to: { path: `(^|node_modules/)(${packages})(/|$)` },
});

export default {
  forbidden: [
    part('runtime', [], 'Plumbing is a leaf: it must not know the domain, or everything knows everything.'),
    part(
      'contexts',
      [],
      'What a context is, is pure: no I/O, no plumbing, so that it can be tested with values alone.',
    ),
    part(
      'outbox',
      ['runtime/'],
      'write -> row never imports request -> upstream; a monolith takes it in alone.',
    ),
    part(
      'gateway',
      ['contexts/', 'runtime/'],
      'The data plane must run, and start, without outbox, relay or store behind it.',
    ),
    part('relay', ['outbox/', 'runtime/'], 'rows -> Kinesis knows rows; it never knows requests.'),
    part(
      'consumer',
      ['outbox/((event|aggregated-record)\\.ts$|registry/)', 'runtime/'],
      'It runs inside extracted services: of the outbox it knows envelope, record and types, not the tables.',
    ),
    part(
      'legacy-adapter',
      ['outbox/', 'consumer/', 'runtime/'],
      'legacy rows <-> events stands on both ends of the stream, and on nothing of the gateway.',
    ),
    part(
      'control-plane',
      [
        'contexts/',
        'outbox/',
        'relay/',
        'consumer/',
        'legacy-adapter/',
        'runtime/',
        'gateway/(index|start-gateway)\\.ts$',
      ],
      "It sees every part, but not the gateway's inside: gateways are told by snapshots, not by calls.",
    ),
    part(
      'cli',
      [
        '(contexts|outbox|relay|consumer|legacy-adapter|control-plane|control-plane/install|control-plane/doctor)/index\\.ts$',
        'control-plane/client\\.ts$',
        '(outbox|consumer)/operator/index\\.ts$',
        'gateway/start-gateway\\.ts$',
        'runtime/',
      ],
      'The command starts parts and asks the admin API; it knows the public face of each part alone.',
    ),
    {
      name: 'nobody-imports-a-main',
      severity: 'error',
      comment: 'A main.ts starts a process; importing one would start it as a side effect.',
      from: {},
      to: { path: '/main\\.ts$', pathNot: 'node_modules/' },
    },
    {
      name: 'nobody-imports-demo',
      severity: 'error',
      comment: 'The product works without its demo; tests may borrow the servers that it starts.',
      from: { pathNot: '^(demo|test|bench)/' },
      to: { path: '^demo/' },
    },
    {
      name: 'nobody-imports-test-or-bench',
      severity: 'error',
      comment: 'What runs in production or in the demo must not hang on test scaffolding.',
      from: { pathNot: '^(test|bench)/' },
      to: { path: '^(test|bench)/' },
    },
    quarantine(
      'proxying-only-in-forwarding',
      'http-proxy-middleware|undici',
      'gateway/forwarding/',
      'One place knows how bytes are forwarded, so that the library can be changed there.',
    ),
    quarantine(
      'aws-only-at-the-two-ends',
      '@aws-sdk|@smithy',
      '(relay/kinesis-publisher\\.ts|consumer/shard-reader\\.ts)$',
      'One publisher and one shard reader talk to Kinesis; retries and limits are decided there and nowhere else.',
    ),
    quarantine(
      'opentelemetry-only-in-spans',
      '@opentelemetry',
      'gateway/seeing/spans\\.ts$',
      'Nothing of it runs while a request is under way, and its SDK is loaded only where spans go somewhere.',
    ),
    quarantine(
      'bullmq-only-in-jobs',
      'bullmq',
      'relay/jobs/',
      'The hot path needs the database and Kinesis only; Redis may be away.',
    ),
    {
      name: 'prisma-only-behind-the-store',
      severity: 'error',
      comment: 'Prisma serves the control plane and opt-in adapters; the hot path runs plain SQL.',
      from: {
        pathNot: '^((demo|test|bench)/|control-plane/|(outbox|consumer)/.*prisma|prisma\\.config\\.ts$)',
      },
      to: { path: ['(^|node_modules/)(@prisma|prisma)(/|$)', '^control-plane/store/prisma-client/'] },
    },
    {
      name: 'only-declared-dependencies',
      severity: 'error',
      comment: 'What is published must find its packages where it is installed, without development tools.',
      from: { path: `^${PARTS}/`, pathNot: '^(demo|test|bench)/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'no-unresolvable',
      severity: 'error',
      comment: 'An import that leads nowhere also hides from every other rule.',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-circular',
      severity: 'error',
      comment:
        'Two files that need each other are one idea in two places, and load in an order nobody chose. Types may: they are erased.',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
  ],
  options: {
    // TypeScript 7 has no API that dependency-cruiser could use; swc reads the same imports, type-only ones too.
    parser: 'swc',
    // bench/gateway/peers has packages of its own, which only the benchmark installs.
    exclude: {
      path: '^(dist|outbox/npm/(esm|cjs)|docs|infra|node_modules/\\.|bench/(gateway/(peers|floors)|node_modules)/)',
    },
    doNotFollow: { path: ['node_modules', '^control-plane/store/prisma-client/'] },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'types', 'default'],
    },
  },
};
