import { afterEach, expect, test, vi } from 'vitest';
import { createHint, HINT_CHANNEL } from '../../outbox/index.ts';

afterEach(() => void vi.useRealTimers());
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('a hint is published through a client, through a function, or wakes a relay', async () => {
  const publish = vi.fn(async () => 1);
  const wake = vi.fn();
  createHint({ publish })();
  createHint(publish)();
  createHint({ wake })();
  expect(publish.mock.calls).toEqual([
    [HINT_CHANNEL, '1'],
    [HINT_CHANNEL, '1'],
  ]);
  expect(wake).toHaveBeenCalledTimes(1);
});

test('a client keeps its `this`', () => {
  const client = {
    sent: [] as string[],
    publish(channel: string) {
      this.sent.push(channel);
    },
  };
  createHint(client)();
  expect(client.sent).toEqual([HINT_CHANNEL]);
});

test('the writer never fails by a hint, whether publishing throws or rejects, and the next one goes out again', async () => {
  const publish = vi
    .fn()
    .mockImplementationOnce(() => {
      throw new Error('closed');
    })
    .mockRejectedValueOnce(new Error('away'))
    .mockResolvedValue(1);
  const hint = createHint({ publish });
  for (let n = 0; n < 3; n++) {
    expect(hint()).toBeUndefined();
    await settled();
  }
  expect(publish).toHaveBeenCalledTimes(3);
});

test('while a hint is on its way a thousand others become one, which goes when it is over', async () => {
  const answers: (() => void)[] = [];
  const hint = createHint(() => new Promise<void>((resolve) => answers.push(resolve)));
  for (let n = 0; n < 1_000; n++) hint();
  expect(answers).toHaveLength(1);
  answers[0]!();
  await settled();
  expect(answers).toHaveLength(2);
  answers[1]!();
  await settled();
  expect(answers).toHaveLength(2);
});

test('a hint that is never answered holds up the next for seconds, not for ever, and its late end lets nothing pass', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const answers: (() => void)[] = [];
  const hint = createHint(() => new Promise<void>((resolve) => answers.push(resolve)));
  hint();
  vi.advanceTimersByTime(4_999);
  hint();
  expect(answers).toHaveLength(1);
  vi.advanceTimersByTime(1);
  hint();
  expect(answers).toHaveLength(2);
  hint();
  answers[0]!();
  await settled();
  expect(answers).toHaveLength(2);
  answers[1]!();
  await settled();
  expect(answers).toHaveLength(3);
});
