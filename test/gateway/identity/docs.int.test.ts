import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseConfig } from '../../../contexts/index.ts';
import { contextIdentity, identity } from '../../../contexts/identity-config.ts';
import { identityKey } from './keys.ts';
import { startSite } from './site.ts';

const page = readFileSync(new URL('../../../docs/identity.md', import.meta.url), 'utf8');
const sectionOf = (heading: string) => page.split(`\n## ${heading}\n`)[1]!.split('\n## ')[0]!;
const rowsOf = (section: string) => [...section.matchAll(/^\| `(\w+)/gm)].map(([, name]) => name);

test('the page’s configuration is a valid one', () => {
  const [, yaml = ''] = /```yaml\n([\s\S]*?)```/.exec(page)!;
  const upstreams = 'upstreams: { monolith: { url: http://a }, inventory: { url: http://b } }\n';
  const parsed = parseConfig(upstreams + yaml, () => identityKey('of the file'));
  expect(parsed).toMatchObject({ ok: false, mistakes: [{ path: 'gateway.identity.keys.0' }] });
  expect(parseConfig(upstreams + yaml, () => identityKey('of-the-file'))).toMatchObject({ ok: true });
});

test('the page lists each field and each metric, and no other', async () => {
  const [gateway = '', context = ''] = sectionOf('Fields').split('`identity` of a context;');
  expect(rowsOf(gateway)).toEqual(Object.keys(identity.shape));
  expect(rowsOf(context)).toEqual(Object.keys(contextIdentity.shape));
  const site = await startSite();
  const text = await (await fetch(`${site.gateway.opsUrl}/metrics`)).text();
  const exported = [...text.matchAll(/^# TYPE (banyan_gateway_identity_\w+)/gm)].map(([, name]) => name);
  const listed = rowsOf(sectionOf('When the monolith does not say'));
  expect(listed.filter((name) => name!.includes('identity')).toSorted()).toEqual(exported.toSorted());
});
