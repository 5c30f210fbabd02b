import { stringify } from 'yaml';
import type { Answers } from './answers.ts';

/** The text of a `banyan.yaml` with these answers, each part with what it is for and what comes next. */
export function writeYaml({ monolith, route, context, service }: Answers): string {
  const quote = (value: string) =>
    stringify(value, { lineWidth: 0, defaultStringType: 'QUOTE_SINGLE' }).trimEnd();
  // Plain where YAML reads it as text; `null` or `on` get quotes.
  const plain = (value: string) => stringify(value, { lineWidth: 0 }).trimEnd();
  const name = plain(context);
  const upstreamName = plain(`${context}-service`.slice(0, 63));
  return `# yaml-language-server: $schema=./node_modules/banyan/banyan.schema.json
# Banyan's configuration. It is checked as a whole when a process starts: with a mistake in it, none starts and all
# mistakes are named. A gateway takes a change of this file over while it runs; \`banyan config check\` tries it first.
# Secrets: \${NAME} is an environment variable, \${file:/path} the content of a file.

# The gateway stands in front of the monolith: clients talk to \`listen\`.
gateway:
  listen: 127.0.0.1:8080
  # Health and metrics; never public.
  ops: 127.0.0.1:9101
  # A line of JSON on stdout for each request: where it went, why, and what it waited for.
  accessLog: true

# Where requests can go. A URL has scheme, host and port only.
upstreams:
  monolith:
    url: ${quote(monolith)}
  ${upstreamName}:
    url: ${quote(service)}
    # How long the head of an answer may take. The monolith has no limit unless you give one.
    timeout: 10s

# Whatever no route below matches goes here, byte for byte.
monolith: monolith

# One entry per bounded context that is to leave the monolith.
contexts:
  ${name}:
    upstream: ${upstreamName}
    # GET, HEAD and OPTIONS are reads, everything else is a write; \`kind: write\` says otherwise:
    #   - { match: 'GET /cart/add/:sku', kind: write }
    #   - { match: 'GET /api/stock/:sku', rewrite: '/stock/:sku' }
    routes:
      - ${quote(route)}
    # Who a percentage is sticky for: put the name of your session's cookie here, or { header: name }. In a canary,
    # whoever comes without it stays with the monolith.
    cohort: { cookie: session }
    # First values only: afterwards \`banyan context set ${context} --reads canary --percent 25\` moves them.
    reads: legacy
    writes: legacy

# Next: an outbox in the legacy database carries each change to the extracted service.
# outbox:
#   database: \${LEGACY_DATABASE_URL}
# stream:
#   name: banyan
#   region: us-east-1

# And triggers append events for tables that the monolith writes itself.
# captures:
#   catalogue: { table: product, key: sku, columns: [name, price], aggregate: product, context: ${name} }
`;
}
