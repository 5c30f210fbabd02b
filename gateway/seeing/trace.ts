/** Where a request stands in its trace (W3C Trace Context). */
export interface Trace {
  /** 32 hex digits. */
  readonly id: string;
  /** The caller's span, 16 hex digits; undefined where the trace begins here. */
  readonly parent: string | undefined;
  /** The gateway's own. */
  readonly span: string;
  /** `trace-flags`: 1 is sampled, 2 that the id is random. */
  readonly flags: number;
}

/** What a `traceparent` says. */
export type TraceParent = Pick<Trace, 'id' | 'flags'> & { readonly parent: string };

export const SAMPLED = 1;
export const RANDOM = 2;

/** Lower case alone (§3.2.2.3); a version after 00 may have more behind a hyphen (§3.2.4). */
const FORM = /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/;
const NO_TRACE = '0'.repeat(32);
const NO_SPAN = '0'.repeat(16);

/** Undefined where the field is none that may be continued (W3C Trace Context §3.2): the trace begins anew then. */
export function readTraceParent(field: string): TraceParent | undefined {
  const found = FORM.exec(field);
  if (!found) return undefined;
  const [, version, id, parent, flags, more] = found as unknown as [
    string,
    string,
    string,
    string,
    string,
    string?,
  ];
  if (version === 'ff' || id === NO_TRACE || parent === NO_SPAN) return undefined;
  if (version === '00' && more !== undefined) return undefined;
  // Bits that this version doesn't know are not handed on (§3.2.2.5).
  return { id, parent, flags: Number.parseInt(flags, 16) & (SAMPLED | RANDOM) };
}

/** The field for an upstream, whose caller is this span. */
export function traceParent({ id, flags }: Pick<Trace, 'id' | 'flags'>, span: string): string {
  return `00-${id}-${span}-0${flags}`;
}
