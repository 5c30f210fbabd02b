import { hostOf } from './host.ts';

/** A request target in absolute-form (RFC 9112 §3.2.2), taken apart. */
export interface AbsoluteForm {
  /** Host and port as written: what the `Host` field has to be, whatever the client sent. */
  readonly authority: string;
  /** Path and query; the path may be empty, which stands for the root (RFC 9110 §4.2.3). */
  readonly target: string;
  /** It names a user (RFC 9110 §4.2.4) or no host that there can be: servers differ in whether they take it. */
  readonly odd: boolean;
}

const FORM = /^https?:\/\/(?:([^/?#\\]*)@)?([^/?#\\]*)(.*)$/i;

/** Reads `http://shop.example/inventory/1`; undefined for anything that isn't such a URL. */
export function readAbsoluteForm(target: string): AbsoluteForm | undefined {
  const [, user, authority = '', rest = ''] = FORM.exec(target) ?? [];
  if (authority === '') return undefined;
  return {
    authority,
    target: rest,
    odd: user !== undefined || hostOf(authority) === undefined,
  };
}
