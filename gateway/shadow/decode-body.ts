import {
  brotliDecompressSync,
  gunzipSync,
  inflateRawSync,
  inflateSync,
  zstdDecompressSync,
  type InputType,
} from 'node:zlib';

/** A body without its content codings (RFC 9110 §8.4), or why it can't be had. */
export type Decoded =
  | { readonly ok: true; readonly bytes: Uint8Array }
  /** `too-large`: more than the limit. `broken`: no such coding. `unknown`: a coding that nobody here undoes. */
  | { readonly ok: false; readonly why: 'too-large' | 'broken' | 'unknown' };

type Decoder = (data: InputType, options: { maxOutputLength: number }) => Uint8Array;

/** RFC 9110 §8.4.1 says zlib; some servers send bare DEFLATE, and clients take both. */
const inflate: Decoder = (data, options) => {
  try {
    return inflateSync(data, options);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw error;
    return inflateRawSync(data, options);
  }
};

const DECODERS: ReadonlyMap<string, Decoder> = new Map<string, Decoder>([
  ['gzip', gunzipSync],
  ['x-gzip', gunzipSync],
  ['br', brotliDecompressSync],
  ['zstd', zstdDecompressSync],
  ['deflate', inflate],
]);

/** Undoes the codings, the last one first. `limit` is the most that a body may have, in bytes, at each step. */
export function decodeBody(bytes: Uint8Array, contentEncoding: string, limit: number): Decoded {
  let decoded = bytes;
  const codings = contentEncoding
    .toLowerCase()
    .split(',')
    .map((coding) => coding.trim())
    .filter((coding) => coding !== '' && coding !== 'identity');
  if (decoded.length === 0) return { ok: true, bytes: decoded };
  for (const coding of codings.toReversed()) {
    const decoder = DECODERS.get(coding);
    if (!decoder) return { ok: false, why: 'unknown' };
    try {
      decoded = decoder(decoded, { maxOutputLength: limit });
    } catch (error) {
      const tooLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
      return { ok: false, why: tooLarge ? 'too-large' : 'broken' };
    }
  }
  return { ok: true, bytes: decoded };
}
