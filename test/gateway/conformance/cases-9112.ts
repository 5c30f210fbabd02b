import { expect } from 'vitest';
import { until } from '../../support/until.ts';
import { chunked, exchange, lastWords, message, ok, refused, request, see, type Case } from './cases.ts';

const GET = request('GET /a');
const post = (fields: readonly string[], body = '') => request('POST /a', fields, body);
const CHUNKS = '2\r\nhi\r\n0\r\n\r\n';
/** An answer without a sound end: what came of it must not look whole. */
const breaksOff =
  (answer: string): Case['run'] =>
  async (lane) => {
    lane.monolith.answer = (_request, socket) => void socket.end(answer, 'latin1');
    const client = lane.connect();
    client.write(GET);
    await until('the end', () => client.closed());
    const { whole } = client.answers();
    expect(whole.map(({ status }) => status).filter((status) => status !== 502)).toEqual([]);
    await lane.settle();
  };

/** A body that is no HTTP: 400 or the end, and the origin never has the request as a whole one. */
const spoiled =
  (bytes: string): Case['run'] =>
  async (lane) => {
    const client = lane.connect();
    client.write(bytes);
    await until('the end', () => client.closed());
    await lane.settle();
    expect(client.answers().whole.map(({ status }) => status)).toEqual([400]);
    expect(lane.monolith.received).toEqual([]);
    expect(lane.monolith.nonsense).toEqual([]);
  };

export const CASES_9112: readonly Case[] = [
  {
    section: '2.2',
    what: 'an empty line before a request is passed over',
    run: exchange(`\r\n${GET}`, { reaches: ['GET /a'] }),
  },
  {
    section: '2.2',
    what: 'lines that end with LF alone are refused',
    run: refused('GET /a HTTP/1.1\nHost: shop\n\n', 400),
  },
  {
    section: '2.2',
    what: 'a field that ends with LF alone is refused',
    run: refused('GET /a HTTP/1.1\r\nHost: shop\nX-A: 1\r\n\r\n', 400),
  },
  {
    section: '2.2',
    what: 'CR alone in a value is refused',
    run: refused(request('GET /a', ['X-A: a\rX-B: b']), 400),
  },
  {
    section: '2.2',
    what: 'a space before the first field is refused',
    run: refused('GET /a HTTP/1.1\r\n Host: shop\r\n\r\n', 400),
  },
  {
    section: '2.3',
    what: 'an HTTP/1.0 request is served, and forwarded as HTTP/1.1',
    run: exchange(message(['GET /a HTTP/1.0']), { reaches: ['GET /a'], closed: true }),
  },
  {
    section: '2.3',
    what: 'HTTP/1.2 is served as HTTP/1.1',
    run: exchange(message(['GET /a HTTP/1.2', 'Host: shop']), { reaches: ['GET /a'] }),
  },
  {
    section: '2.3',
    what: 'HTTP/2.0 is refused with 505',
    run: refused(message(['GET /a HTTP/2.0', 'Host: shop']), 505),
  },
  { section: '2.3', what: 'HTTP/0.9 is refused with 505', run: refused('GET /a\r\n\r\n', 505) },
  {
    section: '2.3',
    what: 'a version in lower case is refused',
    run: refused(message(['GET /a http/1.1', 'Host: shop']), 400),
  },
  {
    section: '3',
    what: 'two spaces in the request line are one for the origin',
    run: exchange(message(['GET  /a HTTP/1.1', 'Host: shop']), { reaches: ['GET /a'] }),
  },
  {
    section: '3',
    what: 'a tab in the request line is refused',
    run: refused(message(['GET\t/a HTTP/1.1', 'Host: shop']), 400),
  },
  {
    section: '3',
    what: 'a space in the target is refused',
    run: refused(message(['GET /a b HTTP/1.1', 'Host: shop']), 400),
  },
  {
    section: '3',
    what: 'a method in lower case is another method',
    run: exchange(request('get /a'), { reaches: ['get /a'] }),
  },
  {
    section: '3',
    what: 'a request line of 16,000 bytes passes',
    run: exchange(request(`GET /${'a'.repeat(16_000)}`), { reaches: [`GET /${'a'.repeat(16_000)}`] }),
  },
  {
    section: '3',
    what: 'one of 70,000 is refused with 431',
    run: refused(request(`GET /${'a'.repeat(70_000)}`), 431),
  },
  {
    section: '3.2.1',
    what: 'a target keeps its bytes',
    run: exchange(request('GET /a//b/../%7Ec;x?'), { reaches: ['GET /a//b/../%7Ec;x?'] }),
  },
  {
    section: '3.2.2',
    what: 'absolute-form is taken, and reaches the monolith',
    run: exchange(request('GET http://shop/a?x'), { reaches: ['GET http://shop/a?x'] }),
  },
  {
    section: '3.2.2',
    what: 'absolute-form is decided like the path that it has',
    run: exchange(request('GET http://shop/inventory/a?x'), { service: ['GET /inventory/a?x'] }),
  },
  {
    section: '3.2.3',
    what: 'authority-form is CONNECT’s alone',
    run: refused(message(['GET shop:80 HTTP/1.1', 'Host: shop']), 400),
  },
  {
    section: '3.2.4',
    what: 'asterisk-form is OPTIONS’ own',
    run: exchange(request('OPTIONS *', ['Content-Length: 0']), { reaches: ['OPTIONS *'] }),
  },
  {
    section: '5.1',
    what: 'a space before a colon is refused',
    run: refused(request('GET /a', ['X-A : 1']), 400),
  },
  {
    section: '5.1',
    what: 'so is one in an answer',
    run: exchange(GET, { statuses: [502] }, ok(['X-A : 1'])),
  },
  {
    section: '5.1',
    what: 'a field without a colon is refused',
    run: refused(request('GET /a', ['X-A']), 400),
  },
  {
    section: '5.1',
    what: 'a field without a name is refused',
    run: refused(request('GET /a', [': 1']), 400),
  },
  {
    section: '5.2',
    what: 'a folded field is refused',
    run: refused(request('GET /a', ['X-A: 1', ' 2']), 400),
  },
  {
    section: '5.2',
    what: 'a folded framing field is refused',
    run: refused(post(['Transfer-Encoding:', ' chunked'], CHUNKS), 400),
  },
  {
    section: '5.2',
    what: 'a folded field of an answer is 502',
    run: exchange(GET, { statuses: [502] }, ok(['X-A: 1', ' 2'])),
  },
  {
    section: '6.1',
    what: 'chunked is the same in any case',
    run: exchange(post(['Transfer-Encoding: CHUNKED'], CHUNKS), { reaches: ['POST /a hi'] }),
  },
  {
    section: '6.1',
    what: 'both framings are refused',
    run: refused(post(['Content-Length: 13', 'Transfer-Encoding: chunked'], CHUNKS), 400),
  },
  {
    section: '6.1',
    what: 'another coding before chunked is refused',
    run: refused(post(['Transfer-Encoding: gzip, chunked'], CHUNKS), 501),
  },
  {
    section: '6.1',
    what: 'chunked before another coding is refused',
    run: refused(post(['Transfer-Encoding: chunked, gzip'], CHUNKS), 400),
  },
  {
    section: '6.1',
    what: 'chunked twice is refused',
    run: refused(post(['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'], CHUNKS), 400),
  },
  {
    section: '6.1',
    what: 'identity is refused',
    run: refused(post(['Transfer-Encoding: identity'], CHUNKS), 501),
  },
  {
    section: '6.1',
    what: 'a coding behind a vertical tab is refused',
    run: refused(post(['Transfer-Encoding: \x0bchunked'], CHUNKS), 400),
  },
  {
    section: '6.1',
    what: 'chunked in HTTP/1.0 is refused',
    run: refused(message(['POST /a HTTP/1.0', 'Transfer-Encoding: chunked'], CHUNKS), 400),
  },
  {
    section: '6.1',
    what: 'an answer with both framings is read as chunked, or not at all, and nothing is left over',
    run: async (lane) => {
      lane.monolith.answer = () =>
        message(['HTTP/1.1 200 OK', 'Content-Length: 4', 'Transfer-Encoding: chunked'], CHUNKS);
      const client = lane.connect();
      client.write(GET);
      await until('an answer', () => client.answers().whole.length > 0 || client.closed());
      const { whole, rest } = client.answers();
      expect([['hi', '502 Bad Gateway\n'].includes(whole[0]!.body), rest]).toEqual([true, '']);
      await lane.settle();
    },
  },
  {
    section: '6.1',
    what: 'a coding of an answer that isn’t undone is not hidden from the client',
    run: lastWords(
      GET,
      { statuses: [502] },
      message(['HTTP/1.1 200 OK', 'Transfer-Encoding: gzip'], '\x1f\x8b'),
    ),
  },
  {
    section: '6.1',
    what: 'nor is one before chunked',
    run: exchange(
      GET,
      { statuses: [502] },
      message(['HTTP/1.1 200 OK', 'Transfer-Encoding: gzip, chunked'], CHUNKS),
    ),
  },
  {
    section: '6.2',
    what: 'a length with whitespace around it is a length',
    run: exchange(post(['Content-Length:  2 \t'], 'hi'), { reaches: ['POST /a hi'] }),
  },
  {
    section: '6.2',
    what: 'so is one of an answer',
    run: exchange(GET, { bodies: ['ok'] }, message(['HTTP/1.1 200 OK', 'Content-Length: 2 '], 'ok')),
  },
  ...(['+2', '-2', '0x2', '2 2', '2,2', '', '2.0', '18446744073709551618'] as const).map((length) => ({
    section: '6.2',
    what: `a length of '${length}' is refused`,
    run: refused(post([`Content-Length: ${length}`], 'hi'), 400),
  })),
  {
    section: '6.3',
    what: 'two different lengths are refused',
    run: refused(post(['Content-Length: 2', 'Content-Length: 3'], 'hi'), 400),
  },
  {
    section: '6.3',
    what: 'two different lengths of an answer are 502',
    run: exchange(
      GET,
      { statuses: [502] },
      message(['HTTP/1.1 200 OK', 'Content-Length: 2', 'Content-Length: 3'], 'ok'),
    ),
  },
  {
    section: '6.3',
    what: 'a request without a length has no body: what follows is the next one',
    run: exchange(request('POST /a') + request('GET /b'), {
      statuses: [200, 200],
      reaches: ['POST /a', 'GET /b'],
    }),
  },
  {
    section: '6.3',
    what: 'a body is as long as its length, and what follows is the next one',
    run: exchange(post(['Content-Length: 2'], 'hi') + request('GET /b'), {
      statuses: [200, 200],
      reaches: ['POST /a hi', 'GET /b'],
    }),
  },
  {
    section: '6.3',
    what: 'an answer without a length goes on to the end of its connection',
    run: lastWords(GET, { bodies: ['until the end'] }, 'HTTP/1.1 200 OK\r\n\r\nuntil the end'),
  },
  {
    section: '7.1',
    what: 'chunk sizes are hexadecimal, in any case and with leading zeros',
    run: exchange(chunked(`000a\r\n0123456789\r\nA\r\nabcdefghij\r\n0\r\n\r\n`), {
      reaches: ['POST /a 0123456789abcdefghij'],
    }),
  },
  ...[
    'ZZ\r\nhi\r\n',
    '-2\r\nhi\r\n',
    '0x2\r\nhi\r\n',
    ' 2\r\nhi\r\n',
    '2 \r\nhi\r\n',
    '\r\nhi\r\n',
    '2\nhi\r\n',
    '10000000000000002\r\nhi\r\n',
  ].map((bytes) => ({
    section: '7.1',
    what: `a chunk of ${JSON.stringify(bytes)} is refused`,
    run: spoiled(chunked(`${bytes}0\r\n\r\n`)),
  })),
  {
    section: '7.1',
    what: 'a chunk that is longer than its size is refused',
    run: spoiled(chunked('2\r\nhidden\r\n0\r\n\r\n')),
  },
  {
    section: '7.1.1',
    what: 'chunk extensions are dropped',
    run: exchange(chunked('2;a=b;c="d;e"\r\nhi\r\n0;x\r\n\r\n'), { reaches: ['POST /a hi'] }),
  },
  {
    section: '7.1.1',
    what: 'a chunk extension with LF in its quotes is refused',
    run: spoiled(chunked('2;a="\n"\r\nhi\r\n0\r\n\r\n')),
  },
  {
    section: '7.1.1',
    what: 'extensions beyond 16 KiB are refused with 413',
    run: refused(chunked(`2;${'a'.repeat(20_000)}\r\nhi\r\n0\r\n\r\n`), 413),
  },
  {
    section: '7.1.2',
    what: 'a trailer that is no field is refused',
    run: spoiled(chunked('2\r\nhi\r\n0\r\nX A: 1\r\n\r\n')),
  },
  {
    section: '7.1.2',
    what: 'a framing field among trailers is refused',
    run: spoiled(chunked('2\r\nhi\r\n0\r\nContent-Length: 50\r\n\r\n')),
  },
  {
    section: '7.1.2',
    what: 'a trailer can’t change the host',
    run: exchange(chunked('2\r\nhi\r\n0\r\nHost: evil\r\n\r\n') + request('GET /b'), {
      statuses: [200, 200],
      reaches: ['POST /a hi', 'GET /b'],
      without: /evil/i,
    }),
  },
  {
    section: '8',
    what: 'an answer shorter than its length breaks off',
    run: breaksOff('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhalf'),
  },
  {
    section: '8',
    what: 'chunks without the last one break off',
    run: breaksOff('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n'),
  },
  {
    section: '8',
    what: 'a head that breaks off is 502',
    run: lastWords(GET, { statuses: [502] }, 'HTTP/1.1 200 OK\r\nContent-Len'),
  },
  {
    section: '8',
    what: 'chunks of an answer that are none break off',
    run: breaksOff('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\nhalf\r\n'),
  },
  {
    section: '8',
    what: 'a request that breaks off never reaches the origin as a whole one',
    run: async (lane) => {
      const client = lane.connect();
      client.write(post(['Content-Length: 5'], 'half'));
      await until('its head', () => lane.monolith.unfinished().length === 1);
      client.socket.end();
      await until('it is logged', () => lane.lines.some(({ msg }) => msg === 'the client went away'));
      await lane.settle();
      expect(lane.monolith.received).toEqual([]);
      expect(lane.monolith.nonsense).toEqual([]);
      lane.monolith.forget();
    },
  },
  {
    section: '9.3',
    what: 'a connection goes on after an answer',
    run: async (lane) => {
      const client = lane.connect();
      for (const nth of [1, 2, 3]) {
        client.write(GET);
        await until('the answer', () => client.answers().whole.length === nth);
      }
      expect(client.closed()).toBe(false);
    },
  },
  {
    section: '9.3',
    what: 'an HTTP/1.0 connection ends after its answer',
    run: exchange(message(['GET /a HTTP/1.0', 'Host: shop']), { closed: true }),
  },
  {
    section: '9.3',
    what: 'unless it asks to go on',
    run: exchange(message(['GET /a HTTP/1.0', 'Connection: keep-alive']).repeat(2), {
      statuses: [200, 200],
      reaches: ['GET /a', 'GET /a'],
      got: /connection: keep-alive\r\n/i,
      closed: false,
    }),
  },
  {
    section: '9.3',
    what: 'a client’s connection is not the origin’s: its close is no close for the client',
    run: exchange(
      GET + request('GET /b'),
      { statuses: [200, 200], notGot: /connection: close/i },
      ok(['Connection: close']),
    ),
  },
  {
    section: '9.3.2',
    what: 'pipelined requests are answered in order, though a later one might be sooner',
    run: async (lane) => {
      lane.monolith.answer = (received, socket) => {
        if (received.target === '/b') return ok([], 'b');
        setImmediate(() => socket.write(ok([], 'a')));
        return undefined;
      };
      const client = lane.connect();
      client.write(GET + request('GET /b'));
      await see(lane, client, { statuses: [200, 200], bodies: ['a', 'b'] });
    },
  },
  {
    section: '9.6',
    what: 'Connection: close ends the connection after its answer; what came behind is nobody’s',
    run: exchange(request('GET /a', ['Connection: close']) + request('GET /b'), {
      reaches: ['GET /a'],
      got: /connection: close\r\n/i,
      closed: true,
    }),
  },
  {
    section: '9.6',
    what: 'and so it does among other options, in any case',
    run: exchange(request('GET /a', ['Connection: foo, CLOSE']), { closed: true }),
  },
  {
    section: '11.2',
    what: 'a request inside a body stays a body',
    run: exchange(post([`Content-Length: ${request('GET /evil').length}`], request('GET /evil')), {
      reaches: [`POST /a ${request('GET /evil')}`],
    }),
  },
];
