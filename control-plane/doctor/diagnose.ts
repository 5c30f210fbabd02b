import { inspectStream, type Credentials, type StreamAddress } from '../../relay/index.ts';
import type { TableSet } from '../install/table-set.ts';
import { checkDatabase, DATABASE_CHECKS } from './check-database.ts';
import { clock } from './checks/clock.ts';
import { REDIS_CHECKS } from './checks/redis.ts';
import { right } from './checks/rights.ts';
import { STREAM_CHECKS } from './checks/stream.ts';
import { unknown, type Finding } from './finding.ts';
import { readDatabase } from './read-database.ts';
import { readRedis } from './read-redis.ts';

export interface Patient {
  /** URLs of the databases by their set of tables; what isn't there isn't looked at. */
  readonly databases: Readonly<Partial<Record<TableSet, string>>>;
  /** Tables of the configuration's captures. */
  readonly captured: readonly string[];
  /** Whether their triggers are removed at the outbox's budget; not unless given. */
  readonly stopsCapture?: boolean | undefined;
  readonly stream?: StreamAddress | undefined;
  /** Further streams that the relays send to; none unless given. */
  readonly streams?: readonly StreamAddress[] | undefined;
  readonly credentials?: Credentials | undefined;
  readonly redis?: string | undefined;
  /** Milliseconds, as in the configuration. */
  readonly retention?: number | undefined;
  readonly requestTimeout: number;
}

/** Names that findings go by. */
export const CHECKS: readonly string[] = [
  ...new Set([
    'reached',
    ...Object.keys(DATABASE_CHECKS),
    ...Object.keys(STREAM_CHECKS),
    'rights',
    ...Object.keys(REDIS_CHECKS),
  ]),
];

/** Bytes of a record that every stream takes. */
const RECORD = 1_048_576;
const HOW: Readonly<Record<string, string>> = {
  'kinesis:PutRecords': 'by a record that no shard can take; nothing was written',
};

/**
 * Reads the facts of each target once and says what every check finds. It changes nothing anywhere. Never rejects: a
 * target that can't be reached is a finding.
 */
export async function diagnose(patient: Patient): Promise<Finding[]> {
  const { captured, stopsCapture = false } = patient;
  const streams = await inspectStreams(patient);
  const recordBytes = Math.max(RECORD, ...streams.map(({ seen }) => seen.summary?.recordBytes ?? RECORD));
  const terms = { captured, stopsCapture, recordBytes };
  const databases = await Promise.all(
    Object.entries(patient.databases).map(([set, url]) =>
      readDatabase(url, set as TableSet).then(
        (facts) => checkDatabase(facts, terms),
        (error: Error) => [unreached(set, new URL(url).host, error)],
      ),
    ),
  );
  const ofStreams = streams.flatMap((one) => checkStream(one, patient));
  return [...databases.flat(), ...ofStreams, ...(await checkRedis(patient))];
}

interface SeenStream {
  readonly name: string;
  /** As findings name it. */
  readonly target: string;
  readonly seen: Awaited<ReturnType<typeof inspectStream>>;
}

function inspectStreams(patient: Patient): Promise<SeenStream[]> {
  const { stream, streams = [], requestTimeout, credentials } = patient;
  const inspect = async (address: StreamAddress, target: string): Promise<SeenStream> => ({
    ...{ name: address.name, target },
    seen: await inspectStream(address, { requestTimeout, credentials }),
  });
  return Promise.all([
    ...(stream ? [inspect(stream, 'stream')] : []),
    ...streams.map((address) => inspect(address, `stream ${address.name}`)),
  ]);
}

function checkStream(
  { name, target, seen }: SeenStream,
  { retention, requestTimeout }: Pick<Patient, 'retention' | 'requestTimeout'>,
): Finding[] {
  const at = (check: string, said: Omit<Finding, 'check' | 'target'>) => ({ check, target, ...said });
  const facts = seen.summary && { name, ...seen.summary };
  return [
    ...(facts
      ? Object.entries(STREAM_CHECKS).map(([check, say]) =>
          at(check, say(facts, { retention, requestTimeout })),
        )
      : []),
    ...Object.entries(seen.actions).map(([action, answer]) =>
      at('rights', right(action, answer, { stream: name, how: HOW[action] ?? 'asked' })),
    ),
    ...(seen.clock ? [at('clock', clock("Kinesis' clock", seen.clock, true))] : []),
  ];
}

async function checkRedis({ redis }: Patient): Promise<Finding[]> {
  if (redis === undefined) return [];
  try {
    const facts = await readRedis(redis);
    return Object.entries(REDIS_CHECKS).map(([check, say]) => ({ check, target: 'redis', ...say(facts) }));
  } catch (error) {
    return [unreached('redis', new URL(redis).host, error as Error)];
  }
}

function unreached(target: string, host: string, error: Error & { code?: string }): Finding {
  const why = error.message || error.code || String(error);
  return {
    check: 'reached',
    target,
    ...unknown(
      `${host} can't be asked: ${why}`,
      'an answer, as the user of the URL',
      'check host, port, user and password in the configuration, and the firewall between',
    ),
  };
}
