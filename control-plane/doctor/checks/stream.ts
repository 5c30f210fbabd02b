import type { StreamFacts } from '../facts.ts';
import { ok, problem, warning, type Said } from '../finding.ts';

/** What of the configuration the stream is held against. */
export interface StreamTerms {
  /** Milliseconds that settled rows stay in the outbox; undefined without one. */
  readonly retention: number | undefined;
  /** Milliseconds that one PutRecords request may take. */
  readonly requestTimeout: number;
}

/** Kinesis' own retention unless it was raised, in hours. */
const LEAST_RETENTION = 24;
/** Bytes of the largest PutRecords request, and what a relay's line carries in a second at the least. */
const [REQUEST_BYTES, LINE] = [10 * 1_048_576, 4 * 1_048_576];

/** The stream's state and limits against the configuration. */
export const STREAM_CHECKS: Readonly<Record<string, (facts: StreamFacts, terms: StreamTerms) => Said>> = {
  state: ({ name, status, mode, openShards }) =>
    ['ACTIVE', 'UPDATING'].includes(status)
      ? ok(`${name} is ${status}, ${mode}, with ${openShards} open shards`)
      : problem(`${name} is ${status}`, 'ACTIVE', 'wait until it is, or name another in stream.name'),
  retention({ retentionHours }, { retention = 0 }) {
    const found = `records stay for ${retentionHours} h, settled rows in the outbox for ${Math.round(retention / 3_600_000)} h`;
    return retentionHours > LEAST_RETENTION
      ? ok(found)
      : warning(
          found,
          `more than ${LEAST_RETENTION} h: a consumer that is away for a weekend misses records`,
          `IncreaseStreamRetentionPeriod (72 h or more); what was missed can be sent again from the outbox for as long as its rows stay`,
        );
  },
  limits({ recordBytes, openShards }, { requestTimeout }) {
    const found = `records of ${recordBytes} bytes, ${openShards * 1_000} records and ${openShards} MB a second; a request may take ${requestTimeout} ms`;
    const needed = Math.ceil((REQUEST_BYTES / LINE) * 1_000);
    return requestTimeout >= needed || recordBytes <= 1_048_576
      ? ok(found)
      : warning(
          found,
          `relay.requestTimeout of ${needed} ms: requests of 10 MiB on a line of 4 MiB/s take that long`,
          `set relay.requestTimeout to ${needed}ms, and relay.lease to twice that at least`,
        );
  },
  encryption: ({ encrypted, name }) =>
    encrypted
      ? ok('encrypted with a key of KMS: the relay needs kms:GenerateDataKey, consumers kms:Decrypt')
      : warning(
          'records are not encrypted at rest',
          'encryption with a key of KMS, where events hold what is personal',
          `aws kinesis start-stream-encryption --stream-name ${name} --encryption-type KMS --key-id alias/aws/kinesis`,
        ),
};
