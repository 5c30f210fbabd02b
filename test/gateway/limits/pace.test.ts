import { describe, expect, it } from 'vitest';
import { clientKey } from '../../../gateway/limits/client-key.ts';
import { measured } from '../../../gateway/limits/pace.ts';

const pace = { within: 60_000, rate: 64 };
const start = { at: 0, bytes: 1_000 };

describe('the pace of a transfer', () => {
  it('is measured from the same reading until enough has come, and anew from then on', () => {
    expect(measured(start, { at: 30_000, bytes: 1_000 + 3_839 }, pace)).toBe(start);
    const enough = { at: 59_999, bytes: 1_000 + 3_840 };
    expect(measured(start, enough, pace)).toBe(enough);
  });

  it('is too slow when less has come in its time', () => {
    expect(measured(start, { at: 59_999, bytes: 1_000 }, pace)).toBe(start);
    expect(measured(start, { at: 60_000, bytes: 1_000 + 3_839 }, pace)).toBeUndefined();
  });

  it('is any byte at all with a rate of 0, and none without a time', () => {
    const byte = { at: 90_000, bytes: 1_001 };
    expect(measured(start, byte, { within: 60_000, rate: 0 })).toBe(byte);
    expect(measured(start, { at: 60_000, bytes: 1_000 }, { within: 60_000, rate: 0 })).toBeUndefined();
    const later = { at: 9e9, bytes: 1_000 };
    expect(measured(start, later, { within: undefined, rate: 64 })).toBe(later);
  });
});

describe('who an address is counted as', () => {
  it.each([
    ['10.0.0.1', '10.0.0.1'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:0db8:0001:0002::1', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    ['64:ff9b::10.0.0.1', '64:ff9b:0:0'],
    [undefined, ''],
  ])('%s is %s', (address, key) => {
    expect(clientKey(address)).toBe(key);
  });
});
