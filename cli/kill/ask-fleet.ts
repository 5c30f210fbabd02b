import type { KillAnswer } from '../../contexts/index.ts';
import { ask, describeFailure, urlOf } from '../fleet/ask.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { missingOf } from '../fleet/missing.ts';

/** What one gateway answered, or why it is unknown how it stands there. */
export type Reached =
  { readonly ops: string; readonly answer: KillAnswer } | { readonly ops: string; readonly problem: string };

export interface Fleetwide {
  readonly gateways: readonly Reached[];
  /** Gateways of the register that weren't asked: nobody has said where their ops port is. */
  readonly unasked: readonly string[];
  /** Why the register couldn't be asked; undefined when it could. */
  readonly register: string | undefined;
}

/** Asks all gateways at the same time, and the register who else there is. `timeout` in milliseconds. */
export async function askFleet(
  fleet: Fleet,
  { path, body }: { path: string; body?: object },
  timeout: number,
): Promise<Fleetwide> {
  const [found, register] = await Promise.all([
    Promise.all(fleet.ops.map((ops) => reach(ops, path, body, timeout))),
    // Whoever waits for a kill isn't kept waiting by what is only good to know.
    registered(fleet.admin, timeout / 2),
  ]);
  const seen = new Set<string>();
  // Two addresses may lead to the same process.
  const gateways = found.filter(
    (one) => !('answer' in one) || (!seen.has(one.answer.instance) && seen.add(one.answer.instance)),
  );
  const answered = gateways.flatMap((one) => ('answer' in one ? [one.answer.gateway] : []));
  if ('problem' in register) return { gateways, unasked: [], register: register.problem };
  return { gateways, unasked: missingOf(register.names, answered), register: undefined };
}

async function reach(ops: string, path: string, body: object | undefined, timeout: number): Promise<Reached> {
  try {
    const { status, body: answer } = await ask(`${urlOf(ops)}${path}`, {
      ...(body === undefined ? {} : { method: 'POST', body }),
      timeout,
    });
    if (isAnswer(answer)) return { ops, answer };
    const said = (answer as { error?: unknown } | null)?.error ?? String(answer).trim().slice(0, 200);
    return { ops, problem: `answered ${status}: ${String(said)}` };
  } catch (error) {
    return { ops, problem: describeFailure(error) };
  }
}

function isAnswer(value: unknown): value is KillAnswer {
  const found = value as Partial<KillAnswer> | null;
  return typeof found?.gateway === 'string' && Array.isArray(found.contexts);
}

async function registered(
  admin: Fleet['admin'],
  timeout: number,
): Promise<{ names: string[] } | { problem: string }> {
  if (!admin) return { problem: 'no configuration says where the admin API is' };
  try {
    const { status, body } = await ask(`${admin.url}/v1/gateways`, { token: admin.token, timeout });
    const { gateways, detail } = body as { gateways?: { gateway: string }[]; detail?: string };
    if (status === 200 && gateways) return { names: gateways.map(({ gateway }) => gateway) };
    return { problem: `${admin.url} answered ${status}${detail ? `: ${detail}` : ''}` };
  } catch (error) {
    return { problem: `${admin.url}: ${(error as Error).message}` };
  }
}
