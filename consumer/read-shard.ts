import { backoff } from '../runtime/backoff.ts';
import { wait } from '../runtime/wait.ts';
import { handleRecord, type Handling, type ParsedRecord } from './handle-record.ts';
import { parseEvent, recordedAt } from './parse-event.ts';
import type { Progress } from './progress.ts';
import type { Page, StreamReader, StreamRecord } from './shard-reader.ts';

export interface ShardReading<Tx> extends Handling<Tx> {
  readonly reader: StreamReader;
  readonly progress: Progress;
  /** Milliseconds from the beginning of one read of a shard to the beginning of the next. */
  readonly poll: number;
}

/** A checkpoint is one row, read or written by its key. Milliseconds. */
const CHECKPOINT_WITHIN = 10_000;

/** Reads one shard from its checkpoint to its end, record by record, whatever fails on the way. */
export async function readShard<Tx>(reading: ShardReading<Tx>, shard: string): Promise<'ended' | 'stopped'> {
  const { application, stream, inbox, reader, progress, signal, log, limit } = reading;
  const reads = { timeout: Math.min(CHECKPOINT_WITHIN, limit.timeout), signal };
  let position: string | undefined;
  let resumed = false;
  let iterator: string | undefined;
  let failures = 0;
  while (!signal.aborted) {
    const startedAt = Date.now();
    let page: Page | 'expired';
    try {
      if (!resumed) position = await inbox.checkpoint({ application, stream, shard }, reads);
      resumed = true;
      iterator ??= await reader.iterator(shard, position, signal);
      page = await reader.read(iterator, signal);
    } catch (error) {
      if (signal.aborted) break;
      const retryInMs = backoff(failures);
      log.warn({ err: error, shard, failures, retryInMs }, 'a shard could not be read; trying again');
      failures += 1;
      await wait(retryInMs, signal);
      continue;
    }
    failures = 0;
    if (page === 'expired') {
      iterator = undefined;
      continue;
    }
    const records = page.records.map(openRecord);
    const oldest = oldestFrom(records);
    const newest = records.length > 0 ? Math.max(...records.map(({ recorded = 0 }) => recorded)) : undefined;
    progress.read(shard, { startedAt, behindMs: page.behindMs, full: page.full, oldest: oldest[0], newest });
    const reached = await handleRecords(reading, shard, records, oldest);
    if (reached === 'stopped') break;
    position = reached ?? position;
    if (page.next === undefined) return 'ended';
    iterator = page.next;
    await wait(Math.max(0, startedAt + reading.poll - Date.now()), signal);
  }
  return 'stopped';
}

/** Handles the records one after the other. Returns the last one's sequence number, undefined for an empty page. */
async function handleRecords<Tx>(
  reading: ShardReading<Tx>,
  shard: string,
  records: readonly OpenedRecord[],
  oldest: readonly number[],
): Promise<string | undefined | 'stopped'> {
  const { progress } = reading;
  let passed: string | undefined;
  for (const [index, record] of records.entries()) {
    progress.inHand(shard, oldest[index]);
    const outcome = await handleRecord(reading, shard, record);
    if (outcome === 'passed') passed = record.sequenceNumber;
    if (outcome === 'done') passed = undefined;
    if (outcome === 'stopped') {
      await advance(reading, shard, passed);
      return 'stopped';
    }
  }
  await advance(reading, shard, passed);
  progress.inHand(shard, undefined);
  return records.at(-1)?.sequenceNumber;
}

/** Moves the checkpoint over records that needed no transaction. If that fails, the next one moves it. */
async function advance<Tx>(
  { application, stream, inbox, log, limit }: ShardReading<Tx>,
  shard: string,
  sequenceNumber: string | undefined,
): Promise<void> {
  if (sequenceNumber === undefined) return;
  try {
    const timeout = Math.min(CHECKPOINT_WITHIN, limit.timeout);
    await inbox.advance({ application, stream, shard, sequenceNumber }, { ...limit, timeout });
  } catch (error) {
    log.warn({ err: error, shard }, 'the checkpoint could not be moved; its records will be read again');
  }
}

interface OpenedRecord extends ParsedRecord {
  /** When its event was recorded; when Kinesis took it, if it doesn't say. */
  readonly time: number;
  readonly recorded: number | undefined;
}

function openRecord({ sequenceNumber, data, arrivedAt }: StreamRecord): OpenedRecord {
  const parsed = parseEvent(data);
  const recorded = parsed.kind === 'event' ? recordedAt(parsed.event) : undefined;
  return { sequenceNumber, parsed, recorded, time: recorded ?? arrivedAt };
}

/** For each record the oldest time among it and those after it. */
function oldestFrom(records: readonly OpenedRecord[]): number[] {
  const oldest = records.map((record) => record.time);
  for (let index = oldest.length - 2; index >= 0; index -= 1)
    oldest[index] = Math.min(oldest[index]!, oldest[index + 1]!);
  return oldest;
}
