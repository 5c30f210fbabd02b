import { backoff } from '../runtime/backoff.ts';
import { wait } from '../runtime/wait.ts';
import { handleRecord, type Handling, type ParsedRecord } from './handle-record.ts';
import { openRecord } from './open-record.ts';
import { recordedAt } from './parse-event.ts';
import type { Progress } from './progress.ts';
import type { Page, StreamReader, StreamRecord } from './shard-reader.ts';

export interface ShardReading<Tx> extends Handling<Tx> {
  readonly reader: StreamReader;
  readonly progress: Progress;
  /** Milliseconds from the beginning of one read of a shard to the beginning of the next. */
  readonly poll: number;
}

/** Where only heartbeats come, the checkpoint moves so often. Milliseconds. */
const CHECKPOINT_OF_BEATS = 30_000;
/** A checkpoint is one row, read or written by its key. Milliseconds. */
const CHECKPOINT_WITHIN = 10_000;

/** Reads one shard from its checkpoint to its end, event by event, whatever fails on the way. */
export async function readShard<Tx>(reading: ShardReading<Tx>, shard: string): Promise<'ended' | 'stopped'> {
  const { application, stream, inbox, reader, progress, signal, log, limit } = reading;
  const reads = { timeout: Math.min(CHECKPOINT_WITHIN, limit.timeout), signal };
  let position: string | undefined;
  let resumed = false;
  let iterator: string | undefined;
  let failures = 0;
  const beats = { at: Date.now() };
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
    const records = page.records.flatMap(eventsOf);
    const oldest = oldestFrom(records);
    const newest = records.length > 0 ? Math.max(...records.map(({ recorded = 0 }) => recorded)) : undefined;
    progress.read(shard, { startedAt, behindMs: page.behindMs, full: page.full, oldest: oldest[0], newest });
    const reached = await handleRecords(reading, shard, records, oldest, beats);
    if (reached === 'stopped') break;
    position = reached ?? position;
    if (page.next === undefined) return 'ended';
    iterator = page.next;
    await wait(Math.max(0, startedAt + reading.poll - Date.now()), signal);
  }
  return 'stopped';
}

/** Handles the events one after the other. Returns the last record's sequence number, undefined for an empty page. */
async function handleRecords<Tx>(
  reading: ShardReading<Tx>,
  shard: string,
  records: readonly OpenedRecord[],
  oldest: readonly number[],
  beats: { at: number },
): Promise<string | undefined | 'stopped'> {
  const { progress } = reading;
  let passed: string | undefined;
  for (const [index, record] of records.entries()) {
    progress.inHand(shard, oldest[index]);
    const outcome = await handleRecord(reading, shard, record);
    if (record.last && outcome === 'passed') passed = record.sequenceNumber;
    if (record.last && outcome === 'beat' && (passed !== undefined || isDue(beats)))
      passed = record.sequenceNumber;
    if (record.last && outcome === 'done') passed = undefined;
    if (outcome === 'stopped') {
      await advance(reading, shard, passed);
      return 'stopped';
    }
  }
  await advance(reading, shard, passed);
  if (passed !== undefined) beats.at = Date.now();
  progress.inHand(shard, undefined);
  return records.at(-1)?.sequenceNumber;
}

const isDue = ({ at }: { at: number }) => Date.now() - at > CHECKPOINT_OF_BEATS;

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
  /** When its event was recorded, if it says. */
  readonly recorded: number | undefined;
}

function eventsOf({ sequenceNumber, data, arrivedAt }: StreamRecord): OpenedRecord[] {
  return openRecord(data).map((parsed, index, all) => {
    const recorded = parsed.kind === 'event' ? recordedAt(parsed.event) : undefined;
    const last = index === all.length - 1;
    return { sequenceNumber, parsed, last, recorded, time: recorded ?? arrivedAt };
  });
}

/** For each record the oldest time among it and those after it. */
function oldestFrom(records: readonly OpenedRecord[]): number[] {
  const oldest = records.map((record) => record.time);
  for (let index = oldest.length - 2; index >= 0; index -= 1)
    oldest[index] = Math.min(oldest[index]!, oldest[index + 1]!);
  return oldest;
}
