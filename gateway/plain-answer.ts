import { STATUS_CODES } from 'node:http';

/** What the gateway says when it has nothing better: `502 Bad Gateway`. The log says more than a client needs to know. */
export function plainBody(status: number): string {
  return `${status} ${STATUS_CODES[status]}\n`;
}

/** A whole answer as it goes over the wire, after which the connection ends. */
export function plainAnswer(status: number): string {
  const body = plainBody(status);
  return (
    `HTTP/1.1 ${body.trimEnd()}\r\ncontent-type: text/plain; charset=utf-8\r\n` +
    `content-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`
  );
}
