import { expect, test } from 'vitest';
import { redrawOn } from '../../cli/redraw.ts';
import { terminal } from './terminal.ts';

test('each text is written over the one before, whatever was on the screen above', () => {
  const screen = terminal(40, 10);
  screen.write('$ banyan lag --watch\n');
  const redraw = redrawOn(screen);
  redraw('one\nfirst\n');
  expect(screen.text()).toBe('$ banyan lag --watch\none\nfirst');
  redraw('two\nsecond\n');
  expect(screen.text()).toBe('$ banyan lag --watch\ntwo\nsecond');
});

test('a text that is shorter or taller than the one before leaves nothing behind', () => {
  const screen = terminal(40, 10);
  const redraw = redrawOn(screen);
  redraw('a\nb\nc\n! a problem\n');
  redraw('a\n');
  expect(screen.text()).toBe('a');
  redraw('a\nb\n\nd\n');
  redraw('1\n2\n\n4\n');
  expect(screen.text()).toBe('1\n2\n\n4');
});

test('a line that is too long for the screen is cut, so that it never takes two rows', () => {
  const screen = terminal(10, 10);
  const redraw = redrawOn(screen);
  for (const text of ['0123456789abcdef\nx\n', '0123456789ABCDEF\ny\n']) redraw(text);
  expect(screen.text()).toBe('012345678\ny');
});

test('a text that is too tall for the screen is cut, so that its beginning never scrolls off', () => {
  const screen = terminal(20, 4);
  screen.write('before\n');
  const redraw = redrawOn(screen);
  for (const n of [1, 2, 3]) redraw(`table ${n}\nb\nc\nd\ne\nf\n`);
  expect(screen.text()).toBe('before\ntable 3\nb\nc');
});

test('a screen that was made narrower has wrapped the text before, and that goes too', () => {
  const screen = terminal(20, 10);
  const redraw = redrawOn(screen);
  redraw('0123456789abcdef\nx\n');
  screen.narrow(10);
  redraw('0123456789ABCDEF\ny\n');
  expect(screen.text()).toBe('012345678\ny');
});

test('a terminal that does not tell its size is taken for 80 by 24', () => {
  const written: string[] = [];
  const redraw = redrawOn({ columns: 0, rows: 0, write: (text) => written.push(text) });
  redraw(`${'x'.repeat(100)}\n`);
  expect(written).toEqual([`\u001b[J${'x'.repeat(79)}\n`]);
});
