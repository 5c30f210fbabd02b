import { request } from 'node:http';
import { expect, test } from 'vitest';
import { startRaw } from '../support/upstream.ts';
import { chance, generated } from './generated.ts';
import { readAnswer, type Read } from './reading.ts';

type Seen = { readonly is: 'whole' | 'broken'; readonly status?: number; readonly body?: string };

/** What Node's own client, over llhttp, takes an answer for. */
function asNodeReads(url: string): Promise<Seen> {
  return new Promise((resolve) => {
    const outgoing = request(url, { agent: false });
    const broken = () => resolve({ is: 'broken' });
    outgoing.on('error', broken).on('close', broken).on('upgrade', broken);
    outgoing.on('response', (answer) => {
      let body = '';
      answer.setEncoding('latin1').on('data', (text: string) => (body += text));
      answer.on('error', broken).on('close', broken);
      answer.on('end', () =>
        resolve(answer.complete ? { is: 'whole', status: answer.statusCode!, body } : { is: 'broken' }),
      );
    });
    outgoing.end();
  });
}

function isSame(ours: Read, theirs: Seen): boolean {
  if (ours.is !== 'whole' || theirs.is !== 'whole') return ours.is === theirs.is;
  return ours.status === theirs.status && ours.body === theirs.body;
}

/** What a status line may not have and llhttp lets pass: control characters. */
const STRICTER = /^it begins with "HTTP\/1\.[01] \d{3} [^"]*\\/;

test('of 4,000 answers the sockets take none that llhttp refuses, and none for another; they refuse no more but control characters', async () => {
  const random = chance(9_112);
  let bytes = '';
  const upstream = await startRaw((socket) => socket.once('data', () => socket.end(bytes, 'latin1')));
  const differences: unknown[] = [];
  let whole = 0;
  for (let turn = 0; turn < 4_000; turn += 1) {
    bytes = generated(random);
    const ours = readAnswer([bytes]);
    const { is, why = '', body } = ours;
    // What comes too much makes Node's client give up the answer before it as well, or not, by when it comes.
    if (is === 'whole') bytes = bytes.slice(0, bytes.length - ours.left);
    const theirs = await asNodeReads(upstream.url);
    if (is === 'whole') whole += 1;
    if (isSame(ours, theirs) || (is === 'broken' && STRICTER.test(why))) continue;
    differences.push({ bytes, is, why, body, theirs });
  }
  expect(differences).toEqual([]);
  expect(whole).toBeGreaterThan(1_000);
}, 60_000);
