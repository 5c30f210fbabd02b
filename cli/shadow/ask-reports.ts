import type { ShadowPage } from '../../contexts/index.ts';
import { ask, describeFailure, urlOf } from '../fleet/ask.ts';

/** What one gateway found out, or why nobody knows. */
export type Told =
  { readonly ops: string; readonly page: ShadowPage } | { readonly ops: string; readonly problem: string };

/** Asks all gateways at the same time; each process counts once. `timeout` in milliseconds. */
export async function askReports(ops: readonly string[], timeout: number): Promise<Told[]> {
  const told = await Promise.all(ops.map((address) => reach(address, timeout)));
  const seen = new Set<string>();
  return told.filter(
    (one) => !('page' in one) || (!seen.has(one.page.instance) && seen.add(one.page.instance)),
  );
}

async function reach(ops: string, timeout: number): Promise<Told> {
  try {
    const { status, body } = await ask(`${urlOf(ops)}/shadow`, { timeout });
    return status === 200 && isPage(body)
      ? { ops, page: body }
      : { ops, problem: `answered ${status}, and not as a gateway's ops port does` };
  } catch (error) {
    return { ops, problem: describeFailure(error) };
  }
}

function isPage(value: unknown): value is ShadowPage {
  const found = value as Partial<ShadowPage> | null;
  return typeof found?.instance === 'string' && Array.isArray(found.contexts);
}
