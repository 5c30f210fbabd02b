import { describe, expect, test } from 'vitest';
import { readAnswer } from './reading.ts';

const line = 'HTTP/1.1 200 OK\r\n';

describe('an answer', () => {
  test.each([
    ['with a length', `${line}Content-Length: 5\r\n\r\nhello`, 'hello', true],
    ['of no bytes', `${line}content-length: 0\r\n\r\n`, '', true],
    [
      'in chunks',
      `${line}Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;a=b;c="d\\"e"\r\nlo\r\n0\r\n\r\n`,
      'hello',
      true,
    ],
    [
      'in chunks, said in another case',
      `${line}transfer-encoding:\tChunked \r\n\r\n5\r\nhello\r\n000\r\n\r\n`,
      'hello',
      true,
    ],
    ['until the connection ends', `${line}X: 1\r\n\r\nhello`, 'hello', false],
    [
      'of a coding that isn’t chunked, until the connection ends',
      `${line}Transfer-Encoding: gzip\r\n\r\nhello`,
      'hello',
      false,
    ],
    ['of HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello', 'hello', false],
    [
      'of HTTP/1.0 that keeps its connection',
      'HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 5\r\n\r\nhello',
      'hello',
      true,
    ],
    [
      'of HTTP/1.0 in chunks, after which nothing comes',
      'HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
      'hello',
      false,
    ],
    ['that closes', `${line}Connection: X-A, Close\r\nContent-Length: 5\r\n\r\nhello`, 'hello', false],
    [
      'that closes in a second field',
      `${line}Connection: x-a\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello`,
      'hello',
      false,
    ],
    ['without a reason', 'HTTP/1.1 200\r\nContent-Length: 5\r\n\r\nhello', 'hello', true],
    ['with an empty line before it', `\r\n\r\n${line}Content-Length: 5\r\n\r\nhello`, 'hello', true],
  ])('%s', (_name, bytes, body, keepAlive) => {
    expect(readAnswer([bytes])).toMatchObject({ is: 'whole', status: 200, body, keepAlive, left: 0 });
  });

  test.each([204, 304])('of status %i has no body, whatever its fields say', (status) => {
    const bytes = `HTTP/1.1 ${status} X\r\nContent-Length: 5\r\n\r\n`;
    expect(readAnswer([bytes], { closes: false })).toMatchObject({ is: 'whole', status, body: '' });
    expect(readAnswer([`${bytes}hello`])).toMatchObject({ is: 'whole', body: '', left: 5 });
  });

  test('to HEAD has no body', () => {
    for (const field of ['Content-Length: 5', 'Transfer-Encoding: chunked', 'X: y'])
      expect(readAnswer([`${line}${field}\r\n\r\n`], { toHead: true, closes: false })).toMatchObject({
        is: 'whole',
        body: '',
      });
  });

  test('keeps its reason, its fields’ order and spelling, and bytes above ASCII', () => {
    const bytes = 'HTTP/1.1 299 W\u00e4r \t\r\nx-A:  b\u00e4 c \t\r\nX-a:\r\nContent-Length:0\r\n\r\n';
    expect(readAnswer([bytes])).toMatchObject({
      is: 'whole',
      status: 299,
      reason: 'W\u00e4r \t',
      fields: ['x-A', 'b\u00e4 c', 'X-a', '', 'Content-Length', '0'],
    });
  });

  test('comes after informational ones, of which each is told', () => {
    const early = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n';
    const read = readAnswer([`HTTP/1.1 100 Continue\r\n\r\n${early}${line}Content-Length: 1\r\n\r\nx`]);
    expect(read).toMatchObject({ is: 'whole', status: 200, body: 'x' });
    expect(read.informations).toEqual([
      [100, []],
      [103, ['Link', '</a>']],
    ]);
  });

  test('has trailers after its chunks', () => {
    const bytes = `${line}Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX-Sum: 1 \r\nx-b:2\r\n\r\n`;
    expect(readAnswer([bytes], { closes: false })).toMatchObject({
      is: 'whole',
      trailers: ['X-Sum', '1', 'x-b', '2'],
    });
  });

  test('is over where its bytes are: what follows is told as too much', () => {
    for (const end of ['Content-Length: 1\r\n\r\nx', 'Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n'])
      for (const more of ['y', `${line}Content-Length: 0\r\n\r\n`, '\r\n'])
        expect(readAnswer([`${line}${end}${more}`])).toMatchObject({
          is: 'whole',
          body: 'x',
          left: more.length,
        });
  });
});

describe('is broken', () => {
  const field = (text: string) => `${line}${text}\r\n\r\n`;
  const chunk = (text: string) => `${line}Transfer-Encoding: chunked\r\n\r\n${text}`;
  test.each([
    ['a bare LF after the status line', 'HTTP/1.1 200 OK\nA: 1\r\n\r\n'],
    ['a bare LF after a field', `${line}A: 1\nB: 2\r\n\r\n`],
    ['a bare LF at the end of the head', `${line}A: 1\r\n\n`],
    ['a bare CR in a field', field('A: 1\rB: 2')],
    ['CR CR LF', 'HTTP/1.1 200 OK\r\r\nA: 1\r\n\r\n'],
    ['a folded line', field('A: 1\r\n 2')],
    ['a first line that is folded', field(' A: 1')],
    ['white space before a colon', field('A : 1')],
    ['a line without a colon', field('A')],
    ['a field without a name', field(': 1')],
    ['a name with a space', field('A B: 1')],
    ['a NUL in a value', field('A: \0')],
    ['a control character in a value', field('A: \x01')],
    ['DEL in a value', field('A: \x7f')],
    ['a control character in the reason', 'HTTP/1.1 200 \x01\r\n\r\n'],
    ['two lengths', field('Content-Length: 1\r\nContent-Length: 2')],
    ['the same length twice', field('Content-Length: 1\r\nContent-Length: 1')],
    ['a list of lengths', field('Content-Length: 1, 1')],
    ['a length with a sign', field('Content-Length: +1')],
    ['a negative length', field('Content-Length: -1')],
    ['a length that is hexadecimal', field('Content-Length: 0x1')],
    ['an empty length', field('Content-Length:')],
    ['a length beyond all numbers', field('Content-Length: 99999999999999999999')],
    ['a length with a space in it', field('Content-Length: 1 0')],
    ['length and chunks', field('Content-Length: 1\r\nTransfer-Encoding: chunked')],
    ['chunks and length', field('Transfer-Encoding: chunked\r\nContent-Length: 1')],
    ['a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n'],
    ['a status of four digits', 'HTTP/1.1 2000 OK\r\n\r\n'],
    ['a status below 100', 'HTTP/1.1 099 OK\r\n\r\n'],
    ['a status that is no number', 'HTTP/1.1 2x0 OK\r\n\r\n'],
    ['two spaces before the status', 'HTTP/1.1  200 OK\r\n\r\n'],
    ['a space before the status line', ' HTTP/1.1 200 OK\r\n\r\n'],
    ['another version', 'HTTP/2.0 200 OK\r\n\r\n'],
    ['another protocol', 'ICY 200 OK\r\n\r\n'],
    ['a version in lower case', 'http/1.1 200 OK\r\n\r\n'],
    ['101', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n'],
    ['a chunk’s size that is no number', chunk('x\r\n')],
    ['a chunk’s size with 0x', chunk('0x1\r\nx\r\n0\r\n\r\n')],
    ['a negative chunk', chunk('-1\r\nx\r\n0\r\n\r\n')],
    ['an empty size', chunk('\r\nx\r\n0\r\n\r\n')],
    ['a chunk’s size beyond all numbers', chunk('fffffffffffffff\r\n')],
    ['a bare LF after a size', chunk('1\nx\r\n0\r\n\r\n')],
    ['a bare CR after a size', chunk('1\rx\r\n0\r\n\r\n')],
    ['a bare LF after a chunk', chunk('1\r\nx\n0\r\n\r\n')],
    ['a chunk longer than it says', chunk('1\r\nxy\r\n0\r\n\r\n')],
    ['a bare LF after an extension', chunk('1;a\nx\r\n0\r\n\r\n')],
    ['a control character in an extension', chunk('1;a=\x01\r\nx\r\n0\r\n\r\n')],
    ['an extension without a name', chunk('1;=a\r\nx\r\n0\r\n\r\n')],
    ['white space after a size', chunk('1 \r\nx\r\n0\r\n\r\n')],
    ['white space before an extension', chunk('1 ;a\r\nx\r\n0\r\n\r\n')],
    ['an extension whose quotes don’t end', chunk('1;a="b\r\nx\r\n0\r\n\r\n')],
    ['an extension of 16 KiB', chunk(`1;a=${'b'.repeat(16 * 1024)}\r\nx\r\n0\r\n\r\n`)],
    ['a folded trailer', chunk('0\r\nA: 1\r\n 2\r\n\r\n')],
    ['a trailer without a colon', chunk('0\r\nA\r\n\r\n')],
    ['a bare LF in a trailer', chunk('0\r\nA: 1\n\r\n')],
    ['trailers of more than 64 KiB', chunk(`0\r\n${`A: ${'b'.repeat(1_000)}\r\n`.repeat(66)}\r\n`)],
    ['a head of more than 64 KiB', field(`A: ${'b'.repeat(1_000)}\r\n`.repeat(66).trimEnd())],
    ['a head of more than 64 KiB that doesn’t end', `${line}A: ${'b'.repeat(66_000)}`],
  ])('%s, whether or not its connection ends', (_name, bytes) => {
    for (const closes of [true, false])
      expect(readAnswer([bytes], { closes })).toMatchObject({ is: 'broken', why: expect.any(String) });
  });

  test.each([
    ['nothing', ''],
    ['half a head', line],
    ['half a body', `${line}Content-Length: 5\r\n\r\nhel`],
    ['half a chunk', `${line}Transfer-Encoding: chunked\r\n\r\n5\r\nhel`],
    ['no last chunk', `${line}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`],
    ['half a trailer', `${line}Transfer-Encoding: chunked\r\n\r\n0\r\nA: 1\r\n`],
  ])('by an end after %s, and waits without', (_name, bytes) => {
    expect(readAnswer([bytes]).is).toBe('broken');
    expect(readAnswer([bytes], { closes: false }).is).toBe('waiting');
  });

  test('says what was found and what is required', () => {
    expect(readAnswer([field('A : 1')]).why).toBe('its head has the line "A : 1"; required is a field');
    expect(readAnswer(['220 smtp ready\r\n']).why).toBe(
      'it begins with "220 smtp ready"; required is a status line of HTTP/1.x',
    );
    expect(readAnswer([field('Content-Length: x')]).why).toBe(
      "its Content-Length is 'x'; required is a number",
    );
  });
});

test('a head of just under 64 KiB is read', () => {
  const long = `A: ${'b'.repeat(1_000)}\r\n`.repeat(65);
  expect(readAnswer([`${line}${long}Content-Length: 1\r\n\r\nx`])).toMatchObject({ is: 'whole', body: 'x' });
});
