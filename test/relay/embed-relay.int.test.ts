import { readFile } from 'node:fs/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import { startEvents } from './embedded/events.ts';
import { drained, scene } from './support.ts';

const read = (file: string) => readFile(new URL(file, import.meta.url), 'utf8');

test('the relay shown for the process of a writer sends what is pending, and gives all back when it stops', async () => {
  const source = await read('./embedded/events.ts');
  expect(await read('../../docs/relay.md')).toContain(source.slice(source.indexOf('export')).trim());

  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
  onTestFinished(() => void vi.unstubAllEnvs());
  const it = await scene();
  const events = await startEvents(it.url, {
    name: it.stream,
    region: 'us-east-1',
    endpoint: it.proxy.url,
  });
  await it.append(['k', 1], ['k', 2]);
  events.hint();
  await drained(it);
  expect((await it.published())['thing:k']).toEqual([1, 2]);
  await events.stop();
  const [owned] = await it.database.query('SELECT 1 FROM banyan_outbox_lease WHERE owner IS NOT NULL');
  expect(owned).toEqual([]);
});
