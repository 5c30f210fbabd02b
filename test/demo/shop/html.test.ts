import { expect, it } from 'vitest';
import { html } from '../../../demo/shop/html.ts';

it('escapes what is put into a page, but not what is HTML already', () => {
  expect(
    html`<p title="${'"x"'}">${'<script>'}${[html`<b>${"a & 'b'"}</b>`]}${undefined}${false}${0}</p>`.html,
  ).toBe('<p title="&quot;x&quot;">&lt;script&gt;<b>a &amp; &#39;b&#39;</b>0</p>');
});
