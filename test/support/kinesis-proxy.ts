import { createHash } from 'node:crypto';
import {
  Agent,
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';

/** What goes wrong with one request. */
export type Fault =
  /** HTTP 400 ProvisionedThroughputExceededException; nothing is written. */
  | { readonly kind: 'throttle' }
  /** HTTP 400 (or `status`) with this error type; nothing is written. */
  | { readonly kind: 'error'; readonly type: string; readonly status?: number }
  /** PutRecords only: these records fail with `code`, the others are written. Default code: throttled. */
  | {
      readonly kind: 'fail-records';
      readonly which: (record: PutRecord, index: number) => boolean;
      readonly code?: string;
    }
  /** The connection is cut before anything is written. */
  | { readonly kind: 'cut' }
  /** Everything is written, then the connection is cut without an answer. */
  | { readonly kind: 'drop-answer' }
  /** The connection is cut at once, and everything is written after so many milliseconds all the same. */
  | { readonly kind: 'late'; readonly milliseconds: number }
  /** Forwarded and answered after so many milliseconds. */
  | { readonly kind: 'delay'; readonly milliseconds: number }
  /** Forwarded and answered when `until` resolves; never if the client has given up by then. */
  | { readonly kind: 'hold'; readonly until: Promise<void> }
  /** Nothing is answered, ever; everything is written when `until` resolves, though the client may be gone by then. */
  | { readonly kind: 'linger'; readonly until: Promise<void> }
  /** Nothing is written and nothing answered, ever: the client's timeout has to end it. */
  | { readonly kind: 'hang' };

export interface PutRecord {
  readonly key: string;
  readonly data: Buffer;
}

/** One request that came in. `records` are those of PutRecords, else empty. */
export interface Call {
  readonly operation: string;
  /** Counts from 0, over all operations. */
  readonly number: number;
  /** The application that the client names in its User-Agent (AWS_SDK_UA_APP_ID). */
  readonly sender: string | undefined;
  readonly records: readonly PutRecord[];
}

export interface KinesisProxy {
  /** The endpoint to give to a client instead of the emulator's. */
  readonly url: string;
  /** Decides for each request what goes wrong with it; undefined, the default, is nothing. Replaces the decision before. */
  fault(decide: (call: Call) => Fault | undefined): void;
  /** All PutRecords requests so far, with the fault that each met. */
  readonly puts: readonly (Call & { readonly at: number; readonly fault: Fault | undefined })[];
  /** Stops listening: connections are refused (ECONNREFUSED), and open ones are cut. */
  away(): Promise<void>;
  /** Listens again, on the same port. */
  back(): Promise<void>;
  stop(): Promise<void>;
}

export interface ProxyOptions {
  /** Holds each shard to 1,000 records and 1 MiB a second, as Kinesis does; off by default. */
  readonly shardLimits?: boolean;
  /** Told of each PutRecords that the stream took in whole or in part. */
  readonly onTaken?: (taken: Taken) => void;
  /** Keeps no list of `puts`, for runs that would fill the memory with it. */
  readonly forgetful?: boolean;
  /** What DescribeStreamSummary says of the largest record, in KiB; the emulator's own answer where it is undefined. */
  readonly recordKiB?: () => number | undefined;
}

export interface Taken {
  /** As in Call. */
  readonly sender: string | undefined;
  /** Just before the request was forwarded, in milliseconds since 1970. */
  readonly at: number;
  /** Records in the request as it was sent. */
  readonly records: number;
  /** Of the records that were taken. */
  readonly sequenceNumbers: readonly string[];
  readonly fault: Fault | undefined;
  /** Its answer can't reach the client: it is dropped, or the client has given up. */
  readonly answerLost: boolean;
}

const agent = new Agent({ keepAlive: true });

type Json = Record<string, unknown>;
interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

/**
 * A small HTTP proxy in front of the Kinesis emulator. It enforces the limits of PutRecords that the emulator is
 * lenient about (500 records, 10 MiB a request, 1 MiB a record, keys and data together, 256 characters a key) and makes
 * go wrong what the test asks for. It speaks the JSON protocol (x-amz-json-1.1), which the AWS SDK sends.
 *
 *     const proxy = await startKinesisProxy(inject('kinesis'));
 *     proxy.fault(({ operation, number }) => (operation === 'PutRecords' && number % 5 === 0 ? { kind: 'throttle' } : undefined));
 */
export async function startKinesisProxy(
  target: string,
  { shardLimits = false, onTaken, forgetful = false, recordKiB = () => undefined }: ProxyOptions = {},
): Promise<KinesisProxy> {
  const puts: (Call & { at: number; fault: Fault | undefined })[] = [];
  const budgets = shardLimits ? shardBudgets(target) : undefined;
  let decide: (call: Call) => Fault | undefined = () => undefined;
  let number = 0;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await read(request);
    const operation = String(request.headers['x-amz-target'] ?? '').split('.')[1] ?? '';
    const reply = ({ status, body: text }: Answer) =>
      response
        .writeHead(status, {
          'content-type': 'application/x-amz-json-1.1',
          'content-length': text.byteLength,
        })
        .end(text);
    const refuse = (type: string, message: string, status = 400) =>
      reply({ status, body: Buffer.from(JSON.stringify({ __type: type, message })) });
    if (!String(request.headers['content-type']).includes('json')) {
      return void refuse('UnsupportedMediaType', 'this proxy speaks application/x-amz-json-1.1 only', 415);
    }
    const sent = operation === 'PutRecords' ? (JSON.parse(body.toString()) as PutRecordsJson) : undefined;
    const records = (sent?.Records ?? []).map(({ PartitionKey, Data }) => ({
      key: PartitionKey,
      data: Buffer.from(Data, 'base64'),
    }));
    const sender = senderOf(request);
    const call = { operation, number: number++, sender, records };
    const fault = decide(call);
    if (sent && !forgetful) puts.push({ ...call, at: performance.now(), fault });
    const tooMuch = sent && beyondLimits(records);
    if (tooMuch) return void refuse('InvalidArgumentException', tooMuch);
    const forward: typeof forwardTo = async (...parts) => {
      const at = Date.now();
      const answer = await forwardTo(...parts);
      if (sent && onTaken)
        onTaken({
          sender,
          at,
          records: records.length,
          sequenceNumbers: sequenceNumbersIn(answer),
          fault,
          answerLost: fault?.kind === 'drop-answer' || fault?.kind === 'linger' || request.socket.destroyed,
        });
      return answer;
    };
    switch (fault?.kind) {
      case 'throttle':
        return void refuse('ProvisionedThroughputExceededException', 'Rate exceeded (proxy)');
      case 'error':
        return void refuse(fault.type, 'as the test asked for (proxy)', fault.status);
      case 'cut':
        return void request.socket.destroy();
      case 'hang':
        return;
      case 'drop-answer':
        await forward(target, request, body);
        return void request.socket.destroy();
      case 'late':
        request.socket.destroy();
        await new Promise((resolve) => setTimeout(resolve, fault.milliseconds));
        return void (await forward(target, request, body));
      case 'linger':
        await fault.until;
        return void (await forward(target, request, body));
      case 'delay':
        await new Promise((resolve) => setTimeout(resolve, fault.milliseconds));
        break;
      case 'hold':
        await fault.until;
        if (request.socket.destroyed) return;
        break;
    }
    if (operation === 'DescribeStreamSummary')
      return void reply(withRecordSize(await forward(target, request, body), recordKiB()));
    if (!sent) return void reply(await forward(target, request, body));
    const throttled = await budgets?.(sent.StreamName, records);
    const fails = (record: PutRecord, index: number) =>
      (fault?.kind === 'fail-records' && fault.which(record, index)) || throttled?.[index] === true;
    reply(
      await putSome(
        sent,
        records,
        fails,
        (fault?.kind === 'fail-records' && fault.code) || 'ProvisionedThroughputExceededException',
        (part) => forward(target, request, part),
      ),
    );
  }

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      if (response.headersSent) request.socket.destroy();
      else response.writeHead(502).end(`the proxy failed: ${String(error)}`);
    });
  });
  server.keepAliveTimeout = 60_000;
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  await listen(0);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    fault: (next) => void (decide = next),
    puts,
    away: close,
    back: () => listen(port),
    stop: close,
  };
}

interface PutRecordsJson {
  readonly StreamName: string;
  readonly Records: readonly { readonly PartitionKey: string; readonly Data: string }[];
}

/** Forwards the records that don't fail, and answers for all of them in the order of the request. */
async function putSome(
  sent: PutRecordsJson,
  records: readonly PutRecord[],
  fails: (record: PutRecord, index: number) => boolean,
  code: string,
  send: (body: Buffer) => Promise<Answer>,
): Promise<Answer> {
  const failed = records.map(fails);
  const kept = sent.Records.filter((_, index) => !failed[index]);
  const answer =
    kept.length > 0 ? await send(Buffer.from(JSON.stringify({ ...sent, Records: kept }))) : undefined;
  if (answer && answer.status !== 200) return answer;
  const results = answer ? [...(JSON.parse(answer.body.toString()) as { Records: Json[] }).Records] : [];
  const merged = failed.map((bad) =>
    bad ? { ErrorCode: code, ErrorMessage: 'as the test asked for (proxy)' } : results.shift(),
  );
  const body = { FailedRecordCount: failed.filter(Boolean).length, Records: merged };
  return { status: 200, body: Buffer.from(JSON.stringify(body)) };
}

function senderOf({ headers }: IncomingMessage): string | undefined {
  return /(?:^| )app\/(\S+)/.exec(headers['user-agent'] ?? '')?.[1];
}

function sequenceNumbersIn({ status, body }: Answer): string[] {
  if (status !== 200) return [];
  const { Records } = JSON.parse(body.toString()) as { Records: { SequenceNumber?: string }[] };
  return Records.flatMap(({ SequenceNumber }) => SequenceNumber ?? []);
}

/** https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html */
function beyondLimits(records: readonly PutRecord[]): string | undefined {
  const sizes = records.map(({ key, data }) => Buffer.byteLength(key) + data.byteLength);
  if (records.length > 500) return `${records.length} records, at most 500`;
  if (sizes.some((size) => size > 1_048_576)) return 'a record above 1 MiB';
  if (sizes.reduce((sum, size) => sum + size, 0) > 10 * 1_048_576) return 'a request above 10 MiB';
  if (records.some(({ key }) => key.length > 256)) return 'a key above 256 characters';
  return undefined;
}

/** Which records are above their shard's 1,000 records and 1 MiB a second (token buckets that hold one second). */
function shardBudgets(target: string): (stream: string, records: readonly PutRecord[]) => Promise<boolean[]> {
  const shards = new Map<
    string,
    Promise<{ start: bigint; end: bigint; records: number; bytes: number; at: number }[]>
  >();
  const load = async (StreamName: string) => {
    const response = await fetch(target, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': 'Kinesis_20131202.ListShards',
        'x-amz-date': '20260101T000000Z',
        authorization: 'AWS4-HMAC-SHA256 Credential=proxy, SignedHeaders=host, Signature=proxy',
      },
      body: JSON.stringify({ StreamName }),
    });
    const { Shards } = (await response.json()) as {
      Shards: {
        HashKeyRange: { StartingHashKey: string; EndingHashKey: string };
        SequenceNumberRange: Json;
      }[];
    };
    return Shards.filter(
      ({ SequenceNumberRange }) => SequenceNumberRange['EndingSequenceNumber'] === undefined,
    ).map(({ HashKeyRange }) => ({
      start: BigInt(HashKeyRange.StartingHashKey),
      end: BigInt(HashKeyRange.EndingHashKey),
      records: 1_000,
      bytes: 1_048_576,
      at: performance.now(),
    }));
  };
  return async (stream, records) => {
    if (!shards.has(stream)) shards.set(stream, load(stream));
    const all = await shards.get(stream)!;
    return records.map(({ key, data }) => {
      const hash = BigInt(`0x${createHash('md5').update(key).digest('hex')}`);
      const shard = all.find(({ start, end }) => start <= hash && hash <= end)!;
      const seconds = (performance.now() - shard.at) / 1_000;
      shard.at = performance.now();
      shard.records = Math.min(1_000, shard.records + seconds * 1_000);
      shard.bytes = Math.min(1_048_576, shard.bytes + seconds * 1_048_576);
      const size = data.byteLength + Buffer.byteLength(key);
      if (shard.records < 1 || shard.bytes < size) return true;
      shard.records -= 1;
      shard.bytes -= size;
      return false;
    });
  };
}

async function read(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function withRecordSize(answer: Answer, recordKiB: number | undefined): Answer {
  if (recordKiB === undefined) return answer;
  const said = JSON.parse(answer.body.toString()) as { StreamDescriptionSummary?: Json };
  if (said.StreamDescriptionSummary) said.StreamDescriptionSummary['MaxRecordSizeInKiB'] = recordKiB;
  return { ...answer, body: Buffer.from(JSON.stringify(said)) };
}

function forwardTo(target: string, { method, url, headers }: IncomingMessage, body: Buffer): Promise<Answer> {
  const { 'transfer-encoding': _, connection: __, ...kept } = headers;
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      new URL(url ?? '/', target),
      { method, headers: { ...kept, 'content-length': body.byteLength }, agent },
      (response) => {
        read(response).then((text) => resolve({ status: response.statusCode ?? 500, body: text }), reject);
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
