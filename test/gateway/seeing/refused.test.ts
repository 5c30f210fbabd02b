import { expect, test } from 'vitest';
import { NO_TRUST } from '../../../gateway/client-address.ts';
import type { AccessLine } from '../../../gateway/seeing/access-line.ts';
import { openSeeing } from '../../../gateway/seeing/seeing.ts';
import { configOf } from '../../contexts/sample.ts';

function seeing(gateway: string) {
  const lines: AccessLine[] = [];
  const config = configOf(`upstreams: { monolith: { url: http://a } }\ngateway: ${gateway}\n`);
  const opened = openSeeing(config, {
    trust: NO_TRUST,
    writeLine: (line) => lines.push(line),
    spans: undefined,
  });
  return { opened, lines };
}

test('a connection too many has a line, one that is closed without an answer has none', () => {
  const { opened, lines } = seeing('{ accessLog: true }');
  opened!.refused({ limit: 'handshake', client: '::ffff:10.0.0.7' }, undefined);
  opened!.refused({ limit: 'connections', status: 429, client: '::ffff:10.0.0.7' }, undefined);
  expect(lines).toEqual([expect.objectContaining({ limit: 'connections', status: 429, client: '10.0.0.7' })]);
  expect(lines[0]!.method).toBe(undefined);
});

test('nobody looks unless something is asked for', () => {
  expect(seeing('{}').opened).toBe(undefined);
  expect(seeing('{ serverTiming: false }').opened).toBe(undefined);
  for (const on of ['accessLog: true', 'tracing: true', 'answerFields: true', 'serverTiming: full'])
    expect(seeing(`{ ${on} }`).opened).toBeDefined();
});
