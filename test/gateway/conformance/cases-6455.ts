import { expect } from 'vitest';
import type { Socket } from 'node:net';
import { until } from '../../support/until.ts';
import { message, request, see, type Case } from './cases.ts';
import type { Lane } from './lane.ts';
import type { RawClient } from './raw-client.ts';
import type { Received } from './recording-origin.ts';

const ASKING = [
  'Connection: keep-alive, Upgrade',
  'Upgrade: WebSocket',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version: 13',
];
const ACCEPTED = message([
  'HTTP/1.1 101 Switching Protocols',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
]);

/** One frame (§5.2) as latin1; a client's is masked. */
function frame(opcode: number, payload: string, { fin = true, masked = false, rsv1 = false } = {}): string {
  const bytes = [(fin ? 0x80 : 0) | (rsv1 ? 0x40 : 0) | opcode];
  const { length } = payload;
  const bit = masked ? 0x80 : 0;
  if (length < 126) bytes.push(bit | length);
  else if (length < 65_536) bytes.push(bit | 126, length >> 8, length & 255);
  else bytes.push(bit | 127, 0, 0, 0, 0, ...[24, 16, 8, 0].map((shift) => (length >> shift) & 255));
  const head = String.fromCharCode(...bytes);
  if (!masked) return head + payload;
  // A mask of zeros leaves the payload as it is.
  return `${head}\0\0\0\0${payload}`;
}

const code = (status: number, reason = '') => String.fromCharCode(status >> 8, status & 255) + reason;

interface Tunnel {
  readonly client: RawClient;
  readonly origin: Socket;
  readonly asked: Received;
  /** What came through to the origin. */
  at(): string;
  /** What came through to the client, behind the 101. */
  back(): string;
}

/** A WebSocket through the gateway; `early` is sent together with the request, `late` with the 101. */
async function tunnel(
  lane: Lane,
  { fields = ASKING, accepted = ACCEPTED, early = '', late = '' } = {},
): Promise<Tunnel> {
  let at = '';
  let origin: Socket | undefined;
  let asked: Received | undefined;
  lane.monolith.answer = (received, socket) => {
    asked = received;
    origin = socket;
    socket.on('data', (chunk) => (at += chunk.toString('latin1')));
    at += lane.monolith.takeOver(socket);
    return accepted + late;
  };
  const client = lane.connect();
  client.write(request('GET /chat', fields) + early);
  await until('the 101', () => client.got().includes('\r\n\r\n'));
  const end = client.got().indexOf('\r\n\r\n') + 4;
  return { client, origin: origin!, asked: asked!, at: () => at, back: () => client.got().slice(end) };
}

const whole = (what: string, got: () => string, wanted: string) => until(what, () => got() === wanted);

/** These bytes go through unchanged, from the client and from the origin. */
const through =
  (frames: (masked: boolean) => string): Case['run'] =>
  async (lane) => {
    const { client, origin, at, back } = await tunnel(lane);
    client.write(frames(true));
    await whole('the client’s frames', at, frames(true));
    origin.write(frames(false), 'latin1');
    await whole('the origin’s frames', back, frames(false));
  };

/** The upgrade is declined with this answer, which is the client's. */
const declined =
  (answer: string, status: number, got: RegExp): Case['run'] =>
  async (lane) => {
    lane.monolith.answer = () => answer;
    const client = lane.connect();
    client.write(request('GET /chat', ASKING));
    await see(lane, client, { statuses: [status], got });
  };

export const CASES_6455: readonly Case[] = [
  {
    section: '4.1',
    what: 'the handshake reaches the origin with its key, version, Host and Origin',
    run: async (lane) => {
      const { asked } = await tunnel(lane, { fields: [...ASKING, 'Origin: http://shop'] });
      const fields = asked.fields.join('\n');
      for (const wanted of [
        /^host: shop$/im,
        /^connection: upgrade$/im,
        /^upgrade: websocket$/im,
        /^sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==$/im,
        /^sec-websocket-version: 13$/im,
        /^origin: http:\/\/shop$/im,
      ])
        expect(fields).toMatch(wanted);
      expect(asked.target).toBe('/chat');
    },
  },
  {
    section: '4.1',
    what: 'the client gets the origin’s accept, and 101',
    run: async (lane) => {
      const { client } = await tunnel(lane);
      expect(client.got()).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/);
      expect(client.got()).toMatch(/\r\nsec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n/i);
      expect(client.got()).toMatch(/\r\nupgrade: websocket\r\n/i);
      expect(client.got()).toMatch(/\r\nconnection: upgrade\r\n/i);
    },
  },
  {
    section: '4.1',
    what: 'an upgrade with another method is a plain request',
    run: async (lane) => {
      const client = lane.connect();
      client.write(request('POST /chat', [...ASKING, 'Content-Length: 0']));
      await see(lane, client, { reaches: ['POST /chat'], without: /^upgrade:/im });
    },
  },
  {
    section: '4.1',
    what: 'an upgrade with a body is a plain request',
    run: async (lane) => {
      const client = lane.connect();
      client.write(request('GET /chat', [...ASKING, 'Content-Length: 2'], 'hi'));
      await see(lane, client, { reaches: ['GET /chat hi'], without: /^upgrade:/im });
    },
  },
  {
    section: '4.2.1',
    what: 'two Host fields are refused here too',
    run: async (lane) => {
      const client = lane.connect();
      client.write(request('GET /chat', [...ASKING, 'Host: evil']));
      await see(lane, client, { statuses: [400], reaches: [], closed: true });
    },
  },
  {
    section: '4.2.2',
    what: 'the subprotocol is between the ends',
    run: async (lane) => {
      const { asked, client } = await tunnel(lane, {
        fields: [...ASKING, 'Sec-WebSocket-Protocol: chat, superchat'],
        accepted: ACCEPTED.replace('\r\n\r\n', '\r\nSec-WebSocket-Protocol: superchat\r\n\r\n'),
      });
      expect(asked.fields.join('\n')).toMatch(/^sec-websocket-protocol: chat, superchat$/im);
      expect(client.got()).toMatch(/\r\nsec-websocket-protocol: superchat\r\n/i);
    },
  },
  {
    section: '4.2.2',
    what: 'so are extensions',
    run: async (lane) => {
      const { asked, client } = await tunnel(lane, {
        fields: [...ASKING, 'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits'],
        accepted: ACCEPTED.replace('\r\n\r\n', '\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n'),
      });
      expect(asked.fields.join('\n')).toMatch(
        /^sec-websocket-extensions: permessage-deflate; client_max_window_bits$/im,
      );
      expect(client.got()).toMatch(/\r\nsec-websocket-extensions: permessage-deflate\r\n/i);
    },
  },
  {
    section: '4.2.2',
    what: 'a refusal is the client’s, with its body',
    run: declined(
      message(['HTTP/1.1 403 Forbidden', 'X-Why: login', 'Content-Length: 2'], 'no'),
      403,
      /x-why: login\r\n[^]*no$/i,
    ),
  },
  {
    section: '4.2.2',
    what: 'so is a redirection',
    run: declined(
      message(['HTTP/1.1 302 Found', 'Location: /login', 'Content-Length: 0']),
      302,
      /location: \/login\r\n/i,
    ),
  },
  {
    section: '4.4',
    what: 'so is 426 with the versions that the origin knows',
    run: declined(
      message(['HTTP/1.1 426 Upgrade Required', 'Sec-WebSocket-Version: 13, 8', 'Content-Length: 0']),
      426,
      /sec-websocket-version: 13, 8\r\n/i,
    ),
  },
  {
    section: '5.1',
    what: 'frames that come together with the request reach the origin behind its 101, and nobody as a request',
    run: async (lane) => {
      const early = frame(1, request('GET /evil'), { masked: true });
      const { at } = await tunnel(lane, { early });
      await whole('the early frame', at, early);
      await lane.settle();
      expect(lane.monolith.received.map(({ target }) => target)).toEqual(['/chat']);
    },
  },
  {
    section: '5.1',
    what: 'they reach nobody when the upgrade is declined',
    run: async (lane) => {
      lane.monolith.answer = () => message(['HTTP/1.1 403 Forbidden', 'Content-Length: 0']);
      const client = lane.connect();
      client.write(request('GET /chat', ASKING) + request('GET /evil'));
      await until('the answer', () => client.answers().whole.length > 0);
      await lane.settle();
      expect(lane.monolith.received.map(({ target }) => target)).toEqual(['/chat']);
      expect(lane.monolith.nonsense).toEqual([]);
    },
  },
  {
    section: '5.1',
    what: 'frames that come together with the 101 reach the client',
    run: async (lane) => {
      const late = frame(1, 'hello');
      const { back } = await tunnel(lane, { late });
      await whole('the frame', back, late);
    },
  },
  {
    section: '5.2',
    what: 'frames of every length pass unchanged, both ways',
    run: through((masked) =>
      [0, 125, 126, 65_535, 65_536].map((length) => frame(2, '\xff'.repeat(length), { masked })).join(''),
    ),
  },
  {
    section: '5.2',
    what: 'so does one of 4 MiB',
    run: through((masked) => frame(2, 'x'.repeat(4 * 1024 * 1024), { masked })),
  },
  {
    section: '5.2',
    what: 'reserved bits are the extensions’, and pass',
    run: through((masked) => frame(1, 'x', { masked, rsv1: true })),
  },
  {
    section: '5.4',
    what: 'fragments pass, with control frames between them',
    run: through(
      (masked) =>
        frame(1, 'Hel', { masked, fin: false }) + frame(9, 'now', { masked }) + frame(0, 'lo', { masked }),
    ),
  },
  {
    section: '5.5.2',
    what: 'pings pass, and so do pongs: the gateway answers none of them',
    run: async (lane) => {
      const { client, origin, at, back } = await tunnel(lane);
      client.write(frame(9, 'ping', { masked: true }));
      await whole('the ping', at, frame(9, 'ping', { masked: true }));
      await lane.settle();
      expect(back()).toBe('');
      origin.write(frame(10, 'ping'), 'latin1');
      await whole('the pong', back, frame(10, 'ping'));
    },
  },
  ...[1000, 1001, 1011, 4001].map((status) => ({
    section: '7.4',
    what: `a close with ${status} and its reason pass, both ways`,
    run: through((masked) => frame(8, code(status, 'bye'), { masked })),
  })),
  {
    section: '7.1.1',
    what: 'the origin’s end is the client’s',
    run: async (lane) => {
      const { client, origin } = await tunnel(lane);
      origin.end(frame(8, code(1000)), 'latin1');
      await until('the end', () => client.closed());
      expect(client.got().endsWith(frame(8, code(1000)))).toBe(true);
    },
  },
  {
    section: '7.1.1',
    what: 'the client’s end is the origin’s',
    run: async (lane) => {
      const { client, origin, at } = await tunnel(lane);
      let ended = false;
      origin.on('end', () => (ended = true)).on('close', () => (ended = true));
      client.socket.end(frame(8, code(1000), { masked: true }), 'latin1');
      await until('the end', () => ended);
      expect(at()).toBe(frame(8, code(1000), { masked: true }));
    },
  },
  {
    section: '7.1.7',
    what: 'a client that is cut off takes the origin’s side with it within a second',
    run: async (lane) => {
      const { client, origin } = await tunnel(lane);
      let ended = false;
      origin.on('end', () => (ended = true)).on('close', () => (ended = true));
      client.socket.resetAndDestroy();
      await until('the end', () => ended, 1_000, 2);
    },
  },
  {
    section: '7.1.7',
    what: 'and an origin that is cut off the client’s',
    run: async (lane) => {
      const { client, origin } = await tunnel(lane);
      origin.resetAndDestroy();
      await until('the end', () => client.closed(), 1_000, 2);
    },
  },
];
