import { expect, test } from 'vitest';
import { standAside } from '../../relay/stand-aside.ts';

/** Leases of a second, patience of three; `at` is the time of the clock. */
function scene() {
  const clock = { at: 0 };
  const standing = standAside(1_000, { now: () => clock.at, random: () => 0 });
  return { clock, standing };
}

test('a relay leaves after several leases of failures alone, while another is alive', () => {
  const { clock, standing } = scene();
  standing.tried(false);
  clock.at = 3_000;
  standing.tried(false);
  expect(standing.aside(1)).toBe(false);
  clock.at = 3_001;
  expect(standing.aside(0)).toBe(false);
  expect(standing.aside(1)).toBe(true);
});

test('an answer in between, or nothing tried at all, keeps it', () => {
  const { clock, standing } = scene();
  clock.at = 10_000;
  expect(standing.aside(1)).toBe(false);
  standing.tried(false);
  clock.at = 12_000;
  standing.tried(true);
  standing.tried(false);
  clock.at = 14_000;
  expect(standing.aside(1)).toBe(false);
});

test('it comes back when no other is left, and is as patient as before then', () => {
  const { clock, standing } = scene();
  standing.tried(false);
  clock.at = 4_000;
  expect(standing.aside(1)).toBe(true);
  expect(standing.aside(0)).toBe(false);
  standing.tried(false);
  clock.at = 6_000;
  expect(standing.aside(1)).toBe(false);
  clock.at = 8_000;
  expect(standing.aside(1)).toBe(true);
});

test('it comes back when a probe reaches the stream; where sending fails again, later each time', () => {
  const { clock, standing } = scene();
  const away = () => {
    standing.tried(false);
    clock.at += 3_001;
    expect(standing.aside(1)).toBe(true);
    const since = clock.at;
    while (!standing.probeDue()) clock.at += 100;
    standing.probed(false);
    expect(standing.aside(1)).toBe(true);
    standing.probed(true);
    expect(standing.aside(1)).toBe(false);
    return clock.at - since;
  };
  expect([away(), away(), away()]).toEqual([1_000, 2_000, 4_000]);
  for (let times = 0; times < 10; times++) away();
  expect(away()).toBe(60_000);
  standing.tried(true);
  expect(away()).toBe(1_000);
});

test('patience is drawn anew, so that of two relays that both fail one leaves first', () => {
  const clock = { at: 0 };
  const standing = standAside(1_000, { now: () => clock.at, random: () => 1 });
  standing.tried(false);
  clock.at = 6_000;
  expect(standing.aside(1)).toBe(false);
  clock.at = 6_001;
  expect(standing.aside(1)).toBe(true);
});
