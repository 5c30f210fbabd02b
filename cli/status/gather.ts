import type { GatewayStatus, Learned } from '../../contexts/index.ts';
import type { AuditEntry, ContextList, LagReport, RegisteredGateway } from '../../control-plane/client.ts';
import { ask, describeFailure, urlOf } from '../fleet/ask.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { askReports, type Told } from '../shadow/ask-reports.ts';

/** What one gateway told, or why nobody knows how it goes there. */
export type ToldStatus =
  | { readonly ops: string; readonly status: GatewayStatus }
  | { readonly ops: string; readonly problem: string };

/** All that was told, by whom, or why not. */
export interface Readings {
  /** This host's clock, in milliseconds since 1970. */
  readonly now: number;
  readonly gateways: readonly ToldStatus[];
  readonly shadow: readonly Told[];
  readonly contexts: Learned<ContextList>;
  readonly register: Learned<readonly RegisteredGateway[]>;
  readonly lag: Learned<LagReport>;
  /** The newest first. */
  readonly audit: Learned<readonly AuditEntry[]>;
}

/** Changes that are looked at: the kills between may be many. */
const CHANGES = 50;

/** Asks all gateways and the admin API at the same time; whoever takes longer than `timeout` milliseconds has said nothing. */
export async function gather(
  { ops, admin }: Fleet,
  { context, timeout }: { readonly context: string | undefined; readonly timeout: number },
): Promise<Readings> {
  const api = async <T>(path: string, is: (body: T) => unknown): Promise<Learned<T>> => {
    if (!admin) return { unknown: 'no configuration says where the admin API is' };
    try {
      const { status, body } = await ask(`${admin.url}${path}`, { token: admin.token, timeout });
      if (status === 200 && is(body as T)) return { known: body as T };
      const detail = (body as { detail?: unknown } | null)?.detail;
      return { unknown: `admin API ${admin.url} answered ${status}${detail ? `: ${String(detail)}` : ''}` };
    } catch (error) {
      return { unknown: `admin API ${admin.url}: ${describeFailure(error)}` };
    }
  };
  const of = context === undefined ? '' : `&context=${encodeURIComponent(context)}`;
  const [gateways, shadow, contexts, register, lag, audit] = await Promise.all([
    Promise.all(ops.map((address) => reach(address, timeout))),
    askReports(ops, timeout),
    api<ContextList>('/v1/contexts', (body) => body.contexts),
    api<{ gateways: RegisteredGateway[] }>('/v1/gateways', (body) => body.gateways),
    api<LagReport>('/v1/lag', (body) => body.contexts),
    api<{ entries: AuditEntry[] }>(`/v1/audit?limit=${CHANGES}${of}`, (body) => body.entries),
  ]);
  const seen = new Set<string>();
  return {
    now: Date.now(),
    // Two addresses may lead to the same process.
    gateways: gateways.filter(
      (one) => !('status' in one) || (!seen.has(one.status.instance) && seen.add(one.status.instance)),
    ),
    ...{ shadow, contexts, lag },
    register: 'known' in register ? { known: register.known.gateways } : register,
    audit: 'known' in audit ? { known: audit.known.entries } : audit,
  };
}

async function reach(ops: string, timeout: number): Promise<ToldStatus> {
  try {
    const { status, body } = await ask(`${urlOf(ops)}/status`, { timeout });
    return status === 200 && isStatus(body)
      ? { ops, status: body }
      : { ops, problem: `answered ${status}, and not as a gateway's ops port does` };
  } catch (error) {
    return { ops, problem: describeFailure(error) };
  }
}

function isStatus(value: unknown): value is GatewayStatus {
  const found = value as Partial<GatewayStatus> | null;
  return typeof found?.instance === 'string' && Array.isArray(found.upstreams);
}
