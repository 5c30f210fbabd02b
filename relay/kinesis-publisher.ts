import {
  DescribeStreamSummaryCommand,
  KinesisClient,
  ListShardsCommand,
  PutRecordsCommand,
  type KinesisClientConfig,
  type ListShardsCommandOutput,
  type PutRecordsResultEntry,
  type Shard,
  type StreamDescriptionSummary,
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
  const client = openClient({ name, region, endpoint }, { requestTimeout, credentials });
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

function openClient(
  { region, endpoint }: StreamAddress,
  { requestTimeout, credentials }: KinesisOptions,
): KinesisClient {
  const config: KinesisClientConfig = {
    region,
    maxAttempts: 1,
    logger: NO_INFO,
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
  return new KinesisClient(config);
}

/** The default logger throws away what it gets too; but for `info` the SDK first copies each request, record by record. */
const NO_INFO = { trace() {}, debug() {}, warn() {}, error() {} } as unknown as NonNullable<
  KinesisClientConfig['logger']
>;

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

/** What an action was answered with, as far as it tells whether it is allowed. */
export interface ActionAnswer {
  readonly kind: 'allowed' | 'denied' | 'other';
  /** What Kinesis said; empty when allowed. */
  readonly message: string;
}

export interface StreamInspection {
  /** Undefined when it could not be described; `actions` says why. */
  readonly summary:
    | {
        readonly status: string;
        readonly mode: string;
        readonly openShards: number;
        readonly retentionHours: number;
        readonly encrypted: boolean;
        readonly recordBytes: number;
      }
    | undefined;
  readonly actions: Readonly<
    Record<'kinesis:DescribeStreamSummary' | 'kinesis:ListShards' | 'kinesis:PutRecords', ActionAnswer>
  >;
  /** Milliseconds that Kinesis' clock is ahead of this machine's, and how far that may be off; undefined: not told. */
  readonly clock: { readonly ahead: number; readonly within: number } | undefined;
}

/** Above every shard's range, 2^128 - 1 at most: Kinesis refuses the whole request as invalid, if it is allowed at all. */
const NO_SHARD = String(2n ** 128n);

/**
 * Looks at a stream and at what these credentials may do there, and writes nothing: Kinesis has no DryRun, so the right
 * to put records is asked with one that no shard can take. Never rejects.
 */
export async function inspectStream(
  address: StreamAddress,
  options: KinesisOptions,
): Promise<StreamInspection> {
  const client = openClient(address, options);
  const StreamName = address.name;
  const limit = () => ({ abortSignal: AbortSignal.timeout(options.requestTimeout) });
  let clock: StreamInspection['clock'];
  client.middlewareStack.add(
    (next) => async (args) => {
      const begun = performance.now();
      const answer = await next(args);
      const { headers = {} } = answer.response as { headers?: Record<string, string> };
      const within = (performance.now() - begun) / 2;
      const at = Date.parse(headers['date'] ?? '');
      // A Date has whole seconds, rounded down.
      if (!Number.isNaN(at))
        clock = { ahead: Math.round(at + 500 + within - Date.now()), within: Math.ceil(500 + within) };
      return answer;
    },
    { step: 'deserialize', priority: 'low', name: 'banyanClock' },
  );
  const ask = async <T>(answer: Promise<T>) =>
    answer.then(
      (output) => ({ output, answer: { kind: 'allowed', message: '' } satisfies ActionAnswer }),
      (error: unknown) => ({ output: undefined, answer: refusalOf(error) }),
    );
  try {
    const described = await ask(client.send(new DescribeStreamSummaryCommand({ StreamName }), limit()));
    const listed = await ask(client.send(new ListShardsCommand({ StreamName, MaxResults: 1 }), limit()));
    const Records = [{ PartitionKey: 'banyan', ExplicitHashKey: NO_SHARD, Data: new Uint8Array() }];
    const put = await ask(client.send(new PutRecordsCommand({ StreamName, Records }), limit()));
    return {
      summary:
        described.output?.StreamDescriptionSummary && summaryOf(described.output.StreamDescriptionSummary),
      actions: {
        'kinesis:DescribeStreamSummary': described.answer,
        'kinesis:ListShards': listed.answer,
        'kinesis:PutRecords':
          put.output !== undefined
            ? { kind: 'other', message: 'it took a record that no shard can take' }
            : put.answer,
      },
      clock,
    };
  } finally {
    client.destroy();
  }
}

function summaryOf(summary: StreamDescriptionSummary): StreamInspection['summary'] {
  return {
    status: summary.StreamStatus ?? 'UNKNOWN',
    mode: summary.StreamModeDetails?.StreamMode ?? 'PROVISIONED',
    openShards: summary.OpenShardCount ?? 0,
    retentionHours: summary.RetentionPeriodHours ?? 24,
    encrypted: summary.EncryptionType === 'KMS',
    recordBytes:
      summary.MaxRecordSizeInKiB === undefined
        ? KINESIS_LIMITS.recordBytes
        : summary.MaxRecordSizeInKiB * 1_024,
  };
}

/** Who is told that his request is invalid was allowed to make it. */
function refusalOf(error: unknown): ActionAnswer {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  const said = message.startsWith(name) ? message : `${name}: ${message}`;
  if (name === 'InvalidArgumentException') return { kind: 'allowed', message: '' };
  return { kind: REFUSALS[name] === 'denied' ? 'denied' : 'other', message: said };
}
