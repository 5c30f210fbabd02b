import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where the fixtures lie beside the project; they are not part of it. */
export const FOLDER = fileURLToPath(new URL('../../../../shared/data/llhttp', import.meta.url));

/** One message as llhttp's own log reports it. Bodies and targets are bytes, as latin1. */
export interface Message {
  readonly begin: number;
  method: string;
  target: string;
  status: number;
  body: string;
  /** `1.1`; empty as long as the head is not complete. */
  version: string;
  hasHost: boolean;
  /** Its body ends where its connection does: neither `chunked` nor a length says where else. */
  untilClose: boolean;
  /** Offset after the blank line; -1 as long as the head is not complete. */
  headEnd: number;
  complete: boolean;
}

export interface Fixture {
  /** `uri.md: Space in URI`. */
  readonly name: string;
  readonly file: string;
  readonly kind: 'request' | 'response';
  /** For a parser that was told to be lenient. */
  readonly lenient: boolean;
  /** The log is of a parser that was told that messages have no body, as after HEAD. */
  readonly skipBody: boolean;
  /** The bytes, as latin1. */
  readonly bytes: string;
  readonly messages: readonly Message[];
  /** Why, and after how many bytes, the parser stopped. */
  readonly error: { readonly code: number; readonly at: number } | undefined;
  /** Every piece of the bytes that the log quotes. */
  readonly quoted: readonly { readonly at: number; readonly length: number; readonly text: string }[];
}

const BETWEEN = '(?:(?!```|<!--).)*?';
const BLOCK = new RegExp(
  `<!-- meta=(?<meta>[^\\n]*?) -->${BETWEEN}\`\`\`http\\n(?<http>.*?)\`\`\`${BETWEEN}\`\`\`log\\n(?<log>.*?)\`\`\``,
  'gs',
);

/** All fixtures of a kind; none where the folder is not there. */
export function fixturesOf(kind: Fixture['kind']): Fixture[] {
  const folder = join(FOLDER, kind);
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder)
    .filter((file) => file.endsWith('.md'))
    .toSorted();
  return files.flatMap((file) => read(kind, join(folder, file)));
}

function read(kind: Fixture['kind'], path: string): Fixture[] {
  const text = readFileSync(path, 'utf8');
  const taken = new Map<string, number>();
  return [...text.matchAll(BLOCK)].map(({ index, groups }) => {
    const { meta, http, log } = groups as { meta: string; http: string; log: string };
    const { type, skipBody = false } = JSON.parse(meta) as { type: string; skipBody?: boolean };
    const title = [...text.slice(0, index).matchAll(/^#+ (.*)$/gm)].at(-1)![1]!;
    const nth = (taken.get(title) ?? 0) + 1;
    taken.set(title, nth);
    const file = basename(path);
    const name = `${file}: ${title}${nth > 1 ? ` (${nth})` : ''}`;
    const bytes = bytesOf(http);
    return { name, file, kind, lenient: type.includes('lenient'), skipBody, bytes, ...readLog(log, bytes) };
  });
}

/** What the Markdown stands for: line ends are CRLF unless escaped, and the block's last one is not part of it. */
function bytesOf(http: string): string {
  const text = http
    .replace(/\n$/, '')
    .replaceAll('\\\n', '')
    .replaceAll('\n', '\r\n')
    .replaceAll('\\r', '\r')
    .replaceAll('\\n', '\n')
    .replaceAll('\\t', '\t')
    .replaceAll('\\f', '\f')
    .replace(/\\x([0-9a-fA-F]+)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    .replace(/\\([0-7]{1,3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** Of llhttp's flags. */
const CHUNKED = 0x08;
const CONTENT_LENGTH = 0x20;
const LINE = /^off=(\d+) (?:len=(\d+) span\[(\w+)\]=(.*)|(.*))$/gm;

function readLog(log: string, bytes: string): Pick<Fixture, 'messages' | 'error' | 'quoted'> {
  const messages: Message[] = [];
  const quoted: { at: number; length: number; text: string }[] = [];
  let error: Fixture['error'];
  let field = '';
  for (const [, off, len, span, value, event] of log.matchAll(LINE)) {
    const at = Number(off);
    const message = messages.at(-1)!;
    if (event === 'message begin')
      messages.push({
        begin: at,
        method: '',
        target: '',
        status: 0,
        body: '',
        version: '',
        hasHost: false,
        untilClose: false,
        headEnd: -1,
        complete: false,
      });
    else if (span !== undefined) {
      const length = Number(len);
      const piece = bytes.slice(at, at + length);
      if (value!.startsWith('"')) quoted.push({ at, length, text: value!.slice(1, -1) });
      if (span === 'method') message.method += piece;
      else if (span === 'url') message.target += piece;
      else if (span === 'body') message.body += piece;
      else if (span === 'header_field') field += piece;
    } else if (event === 'header_field complete') {
      if (message.headEnd < 0 && field.trim().toLowerCase() === 'host') message.hasHost = true;
      field = '';
    } else if (event!.startsWith('headers complete')) {
      const [, status, version, flags] = /(?:status=(\d+) )?v=(\d\/\d) flags=(\w+)/.exec(event!)!;
      message.untilClose = (Number.parseInt(flags!, 16) & (CHUNKED | CONTENT_LENGTH)) === 0;
      message.headEnd = at;
      message.status = Number(status ?? 0);
      message.version = version!.replace('/', '.');
    } else if (event === 'message complete') message.complete = true;
    else if (event!.startsWith('error')) error = { code: Number(/code=(\d+)/.exec(event!)![1]), at };
  }
  return { messages, error, quoted };
}

/** llhttp asks for no Host; HTTP/1.1 does (RFC 9112 §3.2). The same fixture with one wherever it lacks. */
export function withHost(fixture: Fixture): Fixture | undefined {
  let { bytes, messages, error } = fixture;
  let changed = false;
  const shift = (from: number, by: number) => {
    messages = messages.map((message) => ({
      ...message,
      begin: message.begin + (message.begin >= from ? by : 0),
      headEnd: message.headEnd + (message.headEnd >= from ? by : 0),
    }));
    if (error && error.at >= from) error = { ...error, at: error.at + by };
  };
  for (let index = messages.length - 1; index >= 0; index -= 1) {
    const { hasHost, headEnd, version } = messages[index]!;
    if (hasHost || version === '1.0' || bytes.slice(headEnd - 2, headEnd) !== '\r\n') continue;
    const host = 'Host: fixture\r\n';
    bytes = bytes.slice(0, headEnd - 2) + host + bytes.slice(headEnd - 2);
    shift(headEnd, host.length);
    messages = messages.map((message, other) => (other === index ? { ...message, hasHost: true } : message));
    changed = true;
  }
  return changed ? { ...fixture, bytes, messages, error } : undefined;
}
