import {
  DescribeStreamSummaryCommand,
  KinesisClient,
  ListShardsCommand,
  PutRecordsCommand,
  type KinesisClientConfig,
  type ListShardsCommandOutput,
  type PutRecordsResultEntry,
  type Shard,
} from '@aws-sdk/client-kinesis';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { KINESIS_LIMITS, type Publisher, type RecordOutcome, type RequestOutcome } from './publisher.ts';
import { hashKey } from './shard-range.ts';

export interface StreamAddress {
  readonly name: string;
  readonly region: string;
  /** For an emulator; AWS' own endpoint unless given. */
  readonly endpoint?: string | undefined;
}

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface KinesisOptions {
  /** Milliseconds after which a request is given up. */
  readonly requestTimeout: number;
  /** AWS' default chain unless given. */
  readonly credentials?: Credentials | undefined;
}

/**
 * A Publisher for a Kinesis stream. The SDK's retries are off: it would send a request again after
 * the lease that covered it has ended. HTTP/1.1, so that one request has one connection, which ends with it.
 */
export function kinesisPublisher(
  { name, region, endpoint }: StreamAddress,
  { requestTimeout, credentials }: KinesisOptions,
): Publisher {
  const config: KinesisClientConfig = {
    region,
    maxAttempts: 1,
    requestHandler: new NodeHttpHandler({
      connectionTimeout: requestTimeout,
      requestTimeout,
      throwOnRequestTimeout: true,
      httpAgent: { keepAlive: true, maxSockets: 16 },
      httpsAgent: { keepAlive: true, maxSockets: 16 },
    }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
  };
  const client = new KinesisClient(config);
  return {
    async limits() {
      const { StreamDescriptionSummary: summary } = await client.send(
        new DescribeStreamSummaryCommand({ StreamName: name }),
        { abortSignal: AbortSignal.timeout(requestTimeout) },
      );
      const kibibytes = summary?.MaxRecordSizeInKiB;
      return { ...KINESIS_LIMITS, ...(kibibytes === undefined ? {} : { recordBytes: kibibytes * 1_024 }) };
    },
    async shards() {
      const found: Shard[] = [];
      for (let next: string | undefined = ''; next !== undefined;) {
        const page: ListShardsCommandOutput = await client.send(
          // A page after the first is asked for by its token alone.
          new ListShardsCommand(next === '' ? { StreamName: name } : { NextToken: next }),
          { abortSignal: AbortSignal.timeout(requestTimeout) },
        );
        found.push(...(page.Shards ?? []));
        next = page.NextToken;
      }
      return found
        .filter(({ SequenceNumberRange }) => SequenceNumberRange?.EndingSequenceNumber === undefined)
        .map(({ ShardId, HashKeyRange }) => ({
          shardId: ShardId,
          from: hashKey(HashKeyRange?.StartingHashKey ?? '0'),
        }));
    },
    async publish(records) {
      try {
        const { Records = [] } = await client.send(
          new PutRecordsCommand({
            StreamName: name,
            Records: records.map(({ key, data }) => ({ PartitionKey: key, Data: data })),
          }),
          { abortSignal: AbortSignal.timeout(requestTimeout) },
        );
        if (Records.length !== records.length) {
          const cause = new Error(
            `Kinesis answered ${records.length} records with ${Records.length} results`,
          );
          return { kind: 'unknown', cause };
        }
        return { kind: 'answered', records: Records.map(recordOutcome) };
      } catch (error) {
        return classify(error instanceof Error ? error : new Error(String(error)));
      }
    },
    close: () => client.destroy(),
  };
}

function recordOutcome(entry: PutRecordsResultEntry): RecordOutcome {
  return entry.SequenceNumber !== undefined && entry.ShardId !== undefined
    ? { kind: 'acknowledged', shardId: entry.ShardId, sequenceNumber: entry.SequenceNumber }
    : { kind: 'failed', code: entry.ErrorCode ?? 'NoSequenceNumber', message: entry.ErrorMessage ?? '' };
}

const REFUSALS: Readonly<Record<string, 'throttled' | 'denied' | 'missing' | 'invalid'>> = {
  ProvisionedThroughputExceededException: 'throttled',
  LimitExceededException: 'throttled',
  ThrottlingException: 'throttled',
  KMSThrottlingException: 'throttled',
  AccessDeniedException: 'denied',
  KMSAccessDeniedException: 'denied',
  KMSDisabledException: 'denied',
  KMSInvalidStateException: 'denied',
  KMSNotFoundException: 'denied',
  KMSOptInRequired: 'denied',
  UnrecognizedClientException: 'denied',
  InvalidSignatureException: 'denied',
  IncompleteSignatureException: 'denied',
  MissingAuthenticationTokenException: 'denied',
  ExpiredTokenException: 'denied',
  CredentialsProviderError: 'denied',
  ResourceNotFoundException: 'missing',
  InvalidArgumentException: 'invalid',
  ValidationException: 'invalid',
  SerializationException: 'invalid',
};

/** Refused only where it is certain that nothing was written; everything else is unknown. */
function classify(cause: Error): RequestOutcome {
  const code = 'code' in cause ? String(cause.code) : '';
  if (['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'].includes(code)) {
    return { kind: 'refused', reason: 'unreachable', cause };
  }
  const status = (cause as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
  if (status === 413) return { kind: 'refused', reason: 'too-large', cause };
  const reason = REFUSALS[cause.name];
  return reason === undefined ? { kind: 'unknown', cause } : { kind: 'refused', reason, cause };
}
