import { STATUS_CODES } from 'node:http';

/** What the gateway says when it has nothing better: `502 Bad Gateway`. The log says more than a client needs to know. */
export function plainBody(status: number): string {
  return `${status} ${STATUS_CODES[status]}\n`;
}

/** A whole answer as it goes over the wire, after which the connection ends. `more` are fields of its own. */
export function plainAnswer(status: number, more: Readonly<Record<string, string>> = {}): string {
  const body = plainBody(status);
  const fields = Object.entries(more).map(([name, value]) => `${name}: ${value}\r\n`);
  return (
    `HTTP/1.1 ${body.trimEnd()}\r\ncontent-type: text/plain; charset=utf-8\r\n` +
    `content-length: ${body.length}\r\n${fields.join('')}connection: close\r\n\r\n${body}`
  );
}
