import { expect, test } from 'vitest';
import { formatSummary } from '../../../cli/shadow/format-summary.ts';
import { sumUp } from '../../../cli/shadow/sum-up.ts';
import { judgeShadow, noCounts, reportShadow } from '../../../contexts/index.ts';

const limits = { window: 3_600_000, minMatch: 0.99, minSamples: 100 };

test('what comes from answers doesn’t move the terminal’s cursor', () => {
  const counts = { ...noCounts(), mismatch: 1 };
  const example = {
    at: '2026-11-28T06:00:00.000Z',
    method: 'GET',
    target: '/a\u001b[2J',
    differences: [{ at: '$.a', monolith: '\u001b]0;x\u0007', extracted: '\u202e1' }, { at: '…' }],
  };
  const report = reportShadow('inventory', limits, [
    { route: 'GET /a', ...judgeShadow(counts, limits), counts, examples: [example] },
  ]);
  const page = { gateway: 'g', instance: 'i', contexts: [report] };
  const text = formatSummary(sumUp('inventory', [{ ops: 'a:1', page }])!, 3);
  expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  expect(text).toContain('    $.a  monolith: �]0;x�  extracted: �1\n    …  and more\n');
  expect(formatSummary(sumUp('inventory', [{ ops: 'a:1', page }])!, 0)).not.toContain('mismatches of');
});
