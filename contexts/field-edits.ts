import { z } from 'zod';

/** A field that is the gateway's or the connection's, with `_` read as `-`: no route sets or removes it. */
const OWN =
  /^(?:connection|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|expect|host|content-length|via|forwarded|x-forwarded-.*|x-banyan-.*)$/;

/** How a name reads for servers that make a variable of it (RFC 3875 §4.1.18): `X_Shop` is `x-shop` then. */
export function readName(name: string): string {
  const lower = name.toLowerCase();
  return lower.includes('_') ? lower.replaceAll('_', '-') : lower;
}

/** RFC 9110 §5.1. */
const fieldName = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, { message: 'the name of a field, such as X-Shop', abort: true })
  .refine(
    (name) => !OWN.test(readName(name)),
    'a field that is neither the gateway’s own (Via, Forwarded, X-Forwarded-*, X-Banyan-*) nor the connection’s or the framing’s (Connection, Host, Content-Length, Transfer-Encoding, …); for Host there is `host` of the upstream',
  );

/** RFC 9110 §5.5, without what was once allowed in it. */
const fieldValue = z
  .string()
  .regex(/^(?:[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?)?$/, 'printable ASCII without white space around it');

/** Fields of a request or an answer that a route sets (in place of what is there) or removes. */
export const fieldEdits = z
  .strictObject({
    set: z.record(fieldName, fieldValue).optional(),
    remove: z.array(fieldName).optional(),
  })
  .superRefine(({ set = {}, remove = [] }, context) => {
    const seen = new Set<string>();
    const look = (path: PropertyKey[], name: string) => {
      if (seen.has(readName(name)))
        context.addIssue({
          code: 'custom',
          path,
          message: 'a field that is named once, in `set` or in `remove`',
        });
      seen.add(readName(name));
    };
    for (const name of Object.keys(set)) look(['set', name], name);
    for (const [index, name] of remove.entries()) look(['remove', index], name);
  });

/** Edits as the gateway carries them out. */
export interface FieldEdits {
  /** Name, value, name, value, … */
  readonly set: readonly string[];
  /** The fields that go, as `readName` reads them: those set, those removed. */
  readonly names: ReadonlySet<string>;
}

/** Undefined where there is nothing to do. */
export function compileEdits(edits: z.output<typeof fieldEdits> | undefined): FieldEdits | undefined {
  if (edits === undefined) return undefined;
  const { set = {}, remove = [] } = edits;
  const names = new Set([...Object.keys(set), ...remove].map(readName));
  return names.size === 0 ? undefined : { set: Object.entries(set).flat(), names };
}
