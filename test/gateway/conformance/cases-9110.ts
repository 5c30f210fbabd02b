import { expect } from 'vitest';
import { until } from '../../support/until.ts';
import { chunked, exchange, lastWords, message, ok, refused, request, see, type Case } from './cases.ts';
import type { Lane } from './lane.ts';
import { say } from './recording-origin.ts';

const GET = request('GET /a');
const UPLOAD = ['Expect: 100-continue', 'Content-Length: 5'];

/** An origin that answers a head that expects before its body is there, in its own way. */
const expecting =
  (said: string, then: (lane: Lane, client: ReturnType<Lane['connect']>) => Promise<void>): Case['run'] =>
  async (lane) => {
    const client = lane.connect();
    lane.monolith.onHead = (_head, socket) => void socket.write(said, 'latin1');
    client.write(request('POST /a', UPLOAD));
    await then(lane, client);
  };

/** The origin closes the pooled connection that carries this target, the first time. */
const swallowing =
  (method: string, statuses: readonly number[], reaches: readonly string[]): Case['run'] =>
  async (lane) => {
    await lane.settle();
    let swallowed = false;
    lane.monolith.answer = (received, socket) => {
      if (swallowed) return say(received);
      swallowed = true;
      socket.destroy();
      return undefined;
    };
    const client = lane.connect();
    client.write(request(`${method} /a`));
    await see(lane, client, { statuses, reaches }, [method]);
  };

export const CASES_9110: readonly Case[] = [
  {
    section: '5.3',
    what: 'fields that are repeated stay apart, in order and spelling',
    run: exchange(request('GET /a', ['X-B: 2', 'x-a: 1', 'X-B: 1']), { fields: /X-B: 2\nx-a: 1\nX-B: 1\n/ }),
  },
  {
    section: '5.3',
    what: 'so do those of an answer, several Set-Cookie among them',
    run: exchange(
      GET,
      { got: /Set-Cookie: a=1\r\nX-A: 1\r\nset-cookie: b=2, c\r\n/ },
      ok(['Set-Cookie: a=1', 'X-A: 1', 'set-cookie: b=2, c']),
    ),
  },
  {
    section: '5.5',
    what: 'bytes above 0x7F in a value pass both ways',
    run: exchange(
      request('GET /a', ['X-A: \xe4\xff']),
      { fields: /^X-A: \xe4\xff$/m, got: /X-B: \xfc\r\n/ },
      ok(['X-B: \xfc']),
    ),
  },
  {
    section: '5.5',
    what: 'an empty value passes, and whitespace around a value is no part of it',
    run: exchange(request('GET /a', ['X-A:', 'X-B: \t b \t']), { fields: [/^X-A: ?$/m, /^X-B: b$/m] }),
  },
  { section: '5.5', what: 'NUL in a value is refused', run: refused(request('GET /a', ['X-A: a\0b']), 400) },
  {
    section: '5.6.2',
    what: 'a name that is no token is refused',
    run: refused(request('GET /a', ['X(A): b']), 400),
  },
  {
    section: '6.5',
    what: 'trailers of a request reach the origin',
    run: exchange(chunked('2\r\nhi\r\n0\r\nX-Sum: 1\r\nx-b: 2\r\n\r\n', ['Trailer: X-Sum, x-b']), {
      reaches: ['POST /a hi'],
      trailers: ['X-Sum: 1', 'x-b: 2'],
    }),
  },
  {
    section: '6.5',
    what: 'trailers of an answer reach the client',
    run: exchange(
      GET,
      { bodies: ['hi'], got: /\r\n0\r\nX-Sum: 1\r\n\r\n$/ },
      message(
        ['HTTP/1.1 200 OK', 'Trailer: X-Sum', 'Transfer-Encoding: chunked'],
        '2\r\nhi\r\n0\r\nX-Sum: 1\r\n\r\n',
      ),
    ),
  },
  {
    section: '6.5.1',
    what: 'trailers that nobody announced never become fields, and the body stays whole',
    run: exchange(chunked('2\r\nhi\r\n0\r\nX-Sneak: 1\r\n\r\n'), {
      reaches: ['POST /a hi'],
      without: /sneak/i,
    }),
  },
  {
    section: '6.6.1',
    what: 'an answer without a Date gets none from the gateway',
    run: exchange(GET, { notGot: /date:/i }),
  },
  { section: '7.2', what: 'no Host is refused', run: refused('GET /a HTTP/1.1\r\nX-A: 1\r\n\r\n', 400) },
  {
    section: '7.2',
    what: 'two Host fields are refused',
    run: refused(request('GET /a', ['Host: evil']), 400),
  },
  {
    section: '7.2',
    what: 'two equal Host fields are refused',
    run: refused(request('GET /a', ['hOST: shop']), 400),
  },
  {
    section: '7.2',
    what: 'Host reaches the origin as it was sent',
    run: exchange(message(['GET /a HTTP/1.1', 'Host: Shop.Example:99']), {
      fields: /^host: Shop\.Example:99$/im,
    }),
  },
  {
    section: '7.2',
    what: 'a Host that is no host is refused',
    run: refused(message(['GET /a HTTP/1.1', 'Host: sh op/../evil']), 400),
  },
  {
    section: '7.6.1',
    what: 'what Connection names goes no further',
    run: exchange(request('GET /a', ['Connection: close, X-Once', 'X-Once: 1', 'X-Kept: 1']), {
      fields: /^X-Kept: 1$/m,
      without: /x-once|^connection: .*close/im,
      closed: true,
    }),
  },
  {
    section: '7.6.1',
    what: 'nor does what Connection of an answer names',
    run: exchange(
      GET,
      { got: /X-Kept: 1\r\n/, notGot: /x-once/i },
      ok(['Connection: X-Once', 'X-Once: 1', 'X-Kept: 1']),
    ),
  },
  {
    section: '7.6.1',
    what: 'fields of one connection go no further, named or not',
    run: exchange(
      request('GET /a', [
        'Keep-Alive: timeout=5',
        'Proxy-Connection: keep-alive',
        'TE: trailers',
        'Upgrade: foo/1',
      ]),
      { without: /^(keep-alive|proxy-connection|te|upgrade):/im },
    ),
  },
  {
    section: '7.6.1',
    what: 'Connection can’t take Host or the framing away',
    run: exchange(request('POST /a', ['Connection: host, content-length', 'Content-Length: 2'], 'hi'), {
      reaches: ['POST /a hi'],
      fields: /^host: shop$/im,
    }),
  },
  {
    section: '7.6.2',
    what: 'OPTIONS with Max-Forwards: 0 is answered by the gateway',
    run: exchange(request('OPTIONS /a', ['Max-Forwards: 0']), { reaches: [], statuses: [200] }),
  },
  {
    section: '7.6.2',
    what: 'so is TRACE, without the client’s fields',
    run: exchange(request('TRACE /a', ['Max-Forwards: 00', 'Cookie: secret=1']), {
      reaches: [],
      statuses: [405],
      got: /^allow: GET, /im,
      notGot: /secret/,
    }),
  },
  {
    section: '7.6.2',
    what: 'the gateway’s answer to OPTIONS is the same for an extracted service',
    run: exchange(request('OPTIONS /inventory/a', ['Max-Forwards: 0']), { service: [], reaches: [] }),
  },
  {
    section: '7.6.2',
    what: 'Max-Forwards of OPTIONS is counted down',
    run: exchange(request('OPTIONS /a', ['Max-Forwards: 5']), { fields: /^max-forwards: 4$/im }),
  },
  {
    section: '7.6.2',
    what: 'so is that of TRACE, however large it is',
    run: exchange(request('TRACE /a', ['Max-Forwards: 18446744073709551616']), {
      fields: /^max-forwards: 18446744073709551615$/im,
    }),
  },
  {
    section: '7.6.2',
    what: 'one that is no number is passed on',
    run: exchange(request('OPTIONS /a', ['Max-Forwards: none']), { fields: /^max-forwards: none$/im }),
  },
  {
    section: '7.6.2',
    what: 'Max-Forwards means nothing to other methods',
    run: exchange(request('GET /a', ['Max-Forwards: 0']), {
      reaches: ['GET /a'],
      fields: /^max-forwards: 0$/im,
    }),
  },
  {
    section: '7.6.3',
    what: 'Via of a request gets the gateway’s entry, after those before it',
    run: exchange(request('GET /a', ['Via: 1.0 front']), {
      fields: /^via: 1\.0 front(, |$[^]*^via: )1\.1 banyan$/im,
    }),
  },
  {
    section: '7.6.3',
    what: 'and says in which version the request came',
    run: exchange(message(['GET /a HTTP/1.0']), { fields: /^via: 1\.0 banyan$/im, closed: true }),
  },
  {
    section: '7.6.3',
    what: 'Via of an answer says in which version the upstream spoke',
    run: exchange(
      request('GET /a'),
      { got: /\r\nVia: 1\.0 banyan\r\n/, bodies: ['ok'] },
      'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok',
    ),
  },
  {
    section: '7.7',
    what: 'bytes of a coded body pass as they are, without asking for no-transform',
    run: exchange(
      request('GET /a', ['Accept-Encoding: zstd, br']),
      { fields: /^Accept-Encoding: zstd, br$/m, got: /Content-Encoding: zstd\r\n/, bodies: ['(\xb5/\xfd\0'] },
      ok(['Content-Encoding: zstd'], '(\xb5/\xfd\0'),
    ),
  },
  {
    section: '7.8',
    what: 'an upgrade to h2c is answered as the plain request that it is',
    run: exchange(
      request('GET /a', ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AA']),
      {
        reaches: ['GET /a'],
        without: /^(upgrade|http2-settings):/im,
      },
    ),
  },
  {
    section: '7.8',
    what: 'an upgrade in HTTP/1.0 is none',
    run: exchange(message(['GET /a HTTP/1.0', 'Connection: Upgrade', 'Upgrade: websocket']), {
      reaches: ['GET /a'],
      without: /^upgrade:/im,
    }),
  },
  {
    section: '8.6',
    what: '304 keeps the length of what it doesn’t carry',
    run: exchange(
      GET + request('GET /b'),
      { statuses: [304, 304], got: /ETag: "1"\r\nContent-Length: 5\r\n/ },
      message(['HTTP/1.1 304 Not Modified', 'ETag: "1"', 'Content-Length: 5']),
    ),
  },
  {
    section: '9.1',
    what: 'a method that nobody has heard of is the origin’s to judge',
    run: exchange(request('BREW /pot'), { reaches: ['BREW /pot'] }),
  },
  {
    section: '9.2.2',
    what: 'GET is sent again where a pooled connection swallowed it',
    run: swallowing('GET', [200], ['GET /a', 'GET /a']),
  },
  { section: '9.2.2', what: 'POST is not: 502', run: swallowing('POST', [502], ['POST /a']) },
  {
    section: '9.3.2',
    what: 'HEAD gets the length and no body',
    run: exchange(request('HEAD /a') + request('GET /b'), {
      statuses: [200, 200],
      bodies: ['', 'GET /b'],
      got: /Content-Length: 7\r\n/i,
    }),
  },
  {
    section: '9.3.2',
    what: 'a body that an origin sends after HEAD reaches nobody',
    run: exchange(request('HEAD /a'), { bodies: [''], notGot: /sneak/ }, ok([], 'sneaked')),
  },
  {
    section: '9.3.6',
    what: 'CONNECT reaches nobody',
    run: async (lane) => {
      const client = lane.connect();
      client.write('CONNECT shop:443 HTTP/1.1\r\nHost: shop:443\r\n\r\n');
      await until('the end', () => client.closed());
      await lane.settle();
      expect(client.got()).not.toMatch(/^HTTP\/1.1 2/);
      expect(lane.monolith.received).toEqual([]);
    },
  },
  {
    section: '9.3.7',
    what: 'OPTIONS * reaches the origin as such',
    run: exchange(request('OPTIONS *'), { reaches: ['OPTIONS *'] }),
  },
  {
    section: '9.3.8',
    what: 'TRACE is the origin’s to answer',
    run: exchange(request('TRACE /a'), { reaches: ['TRACE /a'] }),
  },
  {
    section: '9.3.8',
    what: 'TRACE with content, which no client may send, stays one request',
    run: exchange(request('TRACE /a', ['Content-Length: 18'], 'GET /b HTTP/1.1\r\n\r'), {
      reaches: ['TRACE /a GET /b HTTP/1.1\r\n\r'],
    }),
  },
  {
    section: '10.1.1',
    what: '100 comes from the origin, and the body after it',
    run: expecting('HTTP/1.1 100 Continue\r\n\r\n', async (lane, client) => {
      await until('100', () => client.got() === 'HTTP/1.1 100 Continue\r\n\r\n');
      client.write('hello');
      await see(lane, client, { reaches: ['POST /a hello'], fields: /^expect: 100-continue$/im });
    }),
  },
  {
    section: '10.1.1',
    what: '417 is passed on, and the body is never asked for',
    run: expecting('HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n', async (lane, client) => {
      await until('the end', () => client.closed());
      expect(client.answers().whole.map(({ status }) => status)).toEqual([417]);
      expect(client.got()).not.toMatch(/100 Continue/);
      lane.monolith.forget();
    }),
  },
  {
    section: '10.1.1',
    what: 'so is a final status before the body; the connection ends, for nobody knows whether the body comes',
    run: expecting('HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno', async (lane, client) => {
      await until('the end', () => client.closed());
      expect(client.answers().whole.map(({ status, body }) => [status, body])).toEqual([[401, 'no']]);
      expect(client.got()).toMatch(/connection: close\r\n/i);
      lane.monolith.forget();
    }),
  },
  {
    section: '10.1.1',
    what: 'a client that doesn’t wait is not held up',
    run: exchange(request('POST /a', UPLOAD, 'hello'), { reaches: ['POST /a hello'] }),
  },
  {
    section: '10.1.1',
    what: 'another expectation is the origin’s to judge',
    run: exchange(request('GET /a', ['Expect: pizza']), { reaches: ['GET /a'], fields: /^expect: pizza$/im }),
  },
  {
    section: '10.1.1',
    what: 'an HTTP/1.0 client never gets a 100',
    run: exchange(message(['POST /a HTTP/1.0', ...UPLOAD], 'hello'), {
      reaches: ['POST /a hello'],
      notGot: /100 Continue/,
    }),
  },
  {
    section: '11.6.2',
    what: 'two Authorization fields are refused',
    run: refused(request('GET /a', ['Authorization: Basic YTpi', 'Authorization: Basic Yzpk']), 400),
  },
  {
    section: '13.1',
    what: 'conditions pass, and 412 with them',
    run: exchange(
      request('PUT /a', ['If-Match: "1"', 'Content-Length: 0']),
      { statuses: [412], fields: /^If-Match: "1"$/m },
      message(['HTTP/1.1 412 Precondition Failed', 'Content-Length: 0']),
    ),
  },
  {
    section: '14.2',
    what: 'a range and its 206 pass as they are',
    run: exchange(
      request('GET /a', ['Range: bytes=1-2', 'If-Range: "1"']),
      {
        statuses: [206],
        bodies: ['bc'],
        fields: [/^Range: bytes=1-2$/m, /^If-Range: "1"$/m],
        got: /Content-Range: bytes 1-2\/4\r\n/,
      },
      message(['HTTP/1.1 206 Partial Content', 'Content-Range: bytes 1-2/4', 'Content-Length: 2'], 'bc'),
    ),
  },
  {
    section: '14.6',
    what: 'several ranges come as the origin has cut them',
    run: exchange(
      request('GET /a', ['Range: bytes=0-0,-1']),
      {
        statuses: [206],
        bodies: ['--x\r\n\r\na\r\n--x--\r\n'],
        got: /multipart\/byteranges; boundary=x\r\n/,
      },
      message(
        [
          'HTTP/1.1 206 Partial Content',
          'Content-Type: multipart/byteranges; boundary=x',
          'Content-Length: 17',
        ],
        '--x\r\n\r\na\r\n--x--\r\n',
      ),
    ),
  },
  {
    section: '14.4',
    what: '416 keeps its Content-Range',
    run: exchange(
      request('GET /a', ['Range: bytes=9-']),
      { statuses: [416], got: /Content-Range: bytes \*\/4\r\n/ },
      message(['HTTP/1.1 416 Range Not Satisfiable', 'Content-Range: bytes */4', 'Content-Length: 0']),
    ),
  },
  {
    section: '15.2',
    what: 'a 100 that nobody asked for is ignored, even twice',
    run: exchange(
      GET,
      { bodies: ['ok'], notGot: /100/ },
      `${'HTTP/1.1 100 Continue\r\nX-A: 1\r\n\r\n'.repeat(2)}${ok()}`,
    ),
  },
  {
    section: '15.2',
    what: 'so is one that comes long before the answer',
    run: async (lane) => {
      const held: (() => void)[] = [];
      lane.monolith.answer = (_received, socket) => {
        socket.write('HTTP/1.1 100 Continue\r\n\r\n');
        held.push(() => void socket.write(ok()));
        return undefined;
      };
      const client = lane.connect();
      client.write(GET);
      await until('the request', () => held.length === 1);
      await lane.settle();
      expect(client.got()).toBe('');
      held[0]!();
      await see(lane, client, { bodies: ['ok'] });
    },
  },
  {
    section: '15.2',
    what: '103 (Early Hints) is passed on before the answer',
    run: exchange(
      GET,
      { got: /^HTTP\/1\.1 103 .*\r\nLink: <\/a\.css>\r\n\r\nHTTP\/1\.1 200 /i },
      `HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n${ok()}`,
    ),
  },
  {
    section: '15.2.2',
    what: 'a 101 that nobody asked for is 502',
    run: exchange(
      GET,
      { statuses: [502] },
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n',
    ),
  },
  {
    section: '15.3.5',
    what: '204 has neither body nor length, and its connection goes on',
    run: exchange(
      GET + request('GET /b'),
      { statuses: [204, 204], notGot: /content-length|transfer-encoding/i },
      'HTTP/1.1 204 No Content\r\n\r\n',
    ),
  },
  {
    section: '15.3.5',
    what: 'a body behind a 204 reaches nobody',
    run: exchange(
      GET,
      { statuses: [204], notGot: /sneak/ },
      'HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\nsneaked',
    ),
  },
  {
    section: '15.4.5',
    what: 'a body behind a 304 reaches nobody',
    run: exchange(
      GET,
      { statuses: [304], notGot: /sneak/ },
      'HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\nConnection: close\r\n\r\nsneaked',
    ),
  },
  {
    section: '15.6.3',
    what: 'an answer that is no HTTP is 502',
    run: lastWords(GET, { statuses: [502] }, 'SSH-2.0-OpenSSH\r\n'),
  },
  {
    section: '15.6.3',
    what: 'no answer at all is 502',
    run: lastWords(request('POST /a', ['Content-Length: 0']), { statuses: [502] }, ''),
  },
];
