import { hash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  cohortIn,
  signWrote,
  type Asked,
  type Config,
  type Known,
  type RequestFacts,
  type Snapshot,
  type Writer,
} from '../../contexts/index.ts';
import type { Log } from '../../runtime/log.ts';
import { changeHead } from '../amend-answer.ts';
import { keptPrivate, mayBeShared } from '../shared-cache.ts';
import { holdUntil } from './hold.ts';
import { localWrites } from './local-writes.ts';
import type { OwnWritesMetrics } from './own-writes-metrics.ts';
import { sharedWrites, type SharedWrites } from './shared-writes.ts';

/** Who has just written, as far as this gateway can know. */
export interface OwnWrites {
  /**
   * Remembers what is about to be passed on, from now until `afterWrite` past the end of its answer, and lets no client
   * have an answer before every gateway can know of it. `secure`: the client came over TLS.
   */
  begin(snapshot: Snapshot, writers: readonly Writer[], exchange: WriteExchange): void;
  /** Whether this cohort has just written. At once, unless Redis has to be asked. */
  ask(asked: Asked): Known | Promise<Known>;
  reconfigure(config: Config): void;
  close(): void;
}

export interface WriteExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** As the request was decided by. */
  readonly facts: RequestFacts;
  readonly secure: boolean;
}

/** A write under way. */
interface Open {
  readonly key: string;
  readonly writer: Writer;
  /** When Redis was told last, and whether it has confirmed that. */
  toldAt: number;
  told: Promise<boolean>;
  confirmed: boolean;
}

/** A gateway's clock may be so far ahead of another's, in milliseconds: a cookie lasts longer by that. */
const CLOCKS = 1_000;
/** So often writes that take long are looked after. */
const EVERY = 250;

/** Opens what the configuration asks for: nothing, while no context has `afterWrite`. */
export function openOwnWrites(
  first: Config,
  { log, metrics }: { log: Log; metrics: OwnWritesMetrics },
): OwnWrites {
  let longest = longestOf(first);
  const { redis } = first;
  const local = localWrites(
    () => longest,
    longest > 0 && redis === undefined && first.gateway.ownWrites === undefined,
  );
  const open = new Set<Open>();
  let shared: SharedWrites | undefined;
  let timer: NodeJS.Timeout | undefined;
  const share = () => {
    if (longest > 0 && redis !== undefined) shared ??= sharedWrites(redis, { log, longest: () => longest });
  };
  share();

  /** Tells Redis, whose own clock counts from then on. */
  const tell = (write: Open) => {
    write.toldAt = performance.now();
    write.confirmed = false;
    write.told = shared!.put(write.key, write.writer.for).then((confirmed) => (write.confirmed = confirmed));
  };
  /** What takes long is told again, before Redis forgets it. */
  const lookAfter = () => {
    const now = performance.now();
    for (const write of open) if (isOld(write, now)) tell(write);
    if (open.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
  const start = (writer: Writer): Open => {
    const key = keyOf(writer.context, writer.cohort);
    const write = { key, writer, toldAt: 0, told: Promise.resolve(false), confirmed: shared === undefined };
    local.begin(key);
    metrics.wrote(writer.context);
    if (!shared) return write;
    tell(write);
    open.add(write);
    timer ??= setInterval(lookAfter, EVERY).unref();
    return write;
  };
  const end = (write: Open) => {
    local.end(write.key, write.writer.for);
    if (open.delete(write)) tell(write);
  };

  return {
    begin(snapshot, writers, { request, response, facts, secure }) {
      const writes = writers.map(start);
      response.once('close', () => {
        for (const write of writes) end(write);
      });
      changeHead(response, (status, fields) => {
        for (const writer of renamed(writers, facts, fields)) writes.push(start(writer));
        const now = performance.now();
        for (const write of writes) if (shared && isOld(write, now)) tell(write);
        const late = writes.filter(({ confirmed }) => !confirmed);
        if (late.length > 0) {
          const all = Promise.all(late.map(({ told }) => told)).then(() => {
            for (const { confirmed, writer } of late) if (!confirmed) metrics.unconfirmed(writer.context);
          });
          holdUntil(response, all);
        }
        return withCookies(snapshot, writers, { status, fields, request, secure });
      });
    },
    ask({ context, cohort, told }) {
      const key = keyOf(context, cohort);
      if (local.has(key)) return { context, wrote: 'write' };
      const unknown: Known = { context, wrote: told ? 'none' : 'unknown' };
      if (!shared) return performance.now() < local.sureFrom() ? unknown : { context, wrote: 'none' };
      const asked = shared.has(key);
      if (!asked) return unknown;
      return asked.then((found) =>
        found === undefined ? unknown : { context, wrote: found ? 'write' : 'none' },
      );
    },
    reconfigure(config) {
      longest = longestOf(config);
      share();
    },
    close() {
      clearInterval(timer);
      shared?.close();
    },
  };
}

/** Whether Redis may forget it before the next look. */
const isOld = ({ toldAt, writer }: Open, now: number) => now - toldAt > writer.for / 2 - EVERY;

const longestOf = ({ contexts }: Config) =>
  Math.max(0, ...Object.values(contexts).map(({ afterWrite }) => afterWrite?.for ?? 0));

/** Nobody who reads Redis learns who the cohort is, as far as it can't be guessed. */
const keyOf = (context: string, cohort: string) => hash('sha256', `${context}\0${cohort}`, 'base64url');

/** Who the clients will be from this answer on, where its cookies say that they are somebody else: they have logged in. */
function renamed(writers: readonly Writer[], facts: RequestFacts, fields: readonly string[]): Writer[] {
  const set = fields.flatMap((name, index) =>
    index % 2 === 0 && name.toLowerCase() === 'set-cookie' ? [fields[index + 1]!.split(';', 1)[0]!] : [],
  );
  if (set.length === 0) return [];
  const headers = { cookie: set.join('; ') };
  return writers.flatMap((writer) => {
    const { cohort } = writer.reader;
    if (!('cookie' in cohort) && !('jwt' in cohort && 'cookie' in cohort.jwt)) return [];
    const next = cohortIn(writer.reader, { ...facts, headers }, '', '');
    return next === undefined || next === writer.cohort ? [] : [{ ...writer, cohort: next }];
  });
}

interface Head {
  readonly status: number;
  readonly fields: string[];
  readonly request: IncomingMessage;
  readonly secure: boolean;
}

/** The answer's fields with a signed cookie for each context. A shared cache would give it to others, so none may have it. */
function withCookies(
  { wroteCookies }: Snapshot,
  writers: readonly Writer[],
  { status, fields, request, secure }: Head,
): string[] {
  if (!wroteCookies) return fields;
  const { method, headers } = request;
  const asked = { method: method!, authorized: headers.authorization !== undefined };
  const changed = mayBeShared(asked, status, fields) ? keptPrivate(fields) : fields;
  for (const writer of writers) {
    const keep = writer.for + CLOCKS;
    const cookie = signWrote(wroteCookies, writer.context, Date.now() + keep);
    const rest = `Path=/; Max-Age=${Math.ceil(keep / 1_000)}; HttpOnly; SameSite=Lax`;
    changed.push('Set-Cookie', `${cookie}; ${rest}${secure ? '; Secure' : ''}`);
  }
  return changed;
}
