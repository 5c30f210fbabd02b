import type { Server } from 'node:http';
import type { Server as TlsServer } from 'node:tls';
import { needsRestart, type Config } from '../contexts/index.ts';
import type { Log } from '../runtime/log.ts';
import { readCertificate, type Certificate } from './listener-tls.ts';
import { applyLimits } from './listener.ts';
import type { OpenGateway } from './open-gateway.ts';

/** What became of a reload. Unless it is `applied`, nothing at all has changed. */
export type Reloaded = 'applied' | 'unchanged' | 'refused';

export interface ReloadOptions {
  readonly gateway: OpenGateway;
  /** What clients come to; undefined where it is the monolith's own. */
  readonly server: Server | undefined;
  /** Reads the configuration anew; throws with all its mistakes. */
  readonly readConfig: () => Config;
  readonly certificate: Certificate | undefined;
  readonly log: Log;
}

export interface Reloading {
  /** One after the other; what they say is logged. */
  reload(): Promise<Reloaded>;
  /** The certificate in force. */
  certificate(): Certificate | undefined;
}

const STAYS = 'the one before stays in force';

/**
 * Takes another configuration over as a whole or not at all, while requests are answered: everything that can fail is
 * done before anything is changed, and the change itself is one step between two requests.
 */
export function openReloading({ gateway, server, readConfig, log, ...first }: ReloadOptions): Reloading {
  let { certificate } = first;
  const refuse = (facts: object, why: string): Reloaded => {
    log.error(facts, why);
    gateway.metrics.reloaded('refused');
    return 'refused';
  };

  const run = async (): Promise<Reloaded> => {
    let next: Config;
    try {
      next = readConfig();
    } catch (error) {
      return refuse(
        { mistakes: (error as Error).message.split('\n') },
        `the configuration can’t be used; ${STAYS}`,
      );
    }
    const before = gateway.config();
    const fields = needsRestart(before, next);
    if (fields.length > 0)
      return refuse(
        { fields },
        `these fields need a restart: nothing of the configuration is applied; ${STAYS}`,
      );
    const abandoned = writesWithoutRoute(gateway, next);
    if (abandoned.length > 0)
      return refuse(
        { contexts: abandoned },
        `these contexts’ writes are extracted, and the configuration has them no more: the monolith would get them; ${STAYS}`,
      );
    let shown: Certificate | undefined;
    try {
      shown = server && next.gateway.tls && (await readCertificate(next.gateway.tls));
    } catch (error) {
      return refuse({ err: error, expires: day(certificate) }, `the certificate can’t be replaced; ${STAYS}`);
    }
    let apply: () => void;
    try {
      apply = gateway.prepare(next);
    } catch (error) {
      return refuse({ err: error }, `the configuration can’t be used; ${STAYS}`);
    }
    const renewed = shown !== undefined && !isSame(shown, certificate);
    const changed = renewed || gateway.isNew(next);
    apply();
    if (server) applyLimits(server, next.gateway.limits);
    if (shown && renewed) {
      (server as unknown as TlsServer).setSecureContext(shown.options);
      certificate = shown;
      log.info({ expires: day(shown) }, 'another certificate is in force');
    }
    if (!changed) return 'unchanged';
    log.info({ revision: gateway.holder.current().revision }, 'the configuration is reloaded');
    gateway.metrics.reloaded('applied');
    return 'applied';
  };

  let last: Promise<unknown> = Promise.resolve();
  return {
    reload() {
      const result = last.then(run);
      last = result;
      return result;
    },
    certificate: () => certificate,
  };
}

/** Their new owner would never see a write again, and the monolith would get those that aren't its own. */
function writesWithoutRoute(gateway: OpenGateway, next: Config): string[] {
  return [...gateway.holder.current().contexts.values()]
    .filter(({ name, stages }) => stages.writes.stage === 'extracted' && !Object.hasOwn(next.contexts, name))
    .map(({ name }) => name);
}

function isSame(one: Certificate, other: Certificate | undefined): boolean {
  return JSON.stringify(one.options) === JSON.stringify(other?.options);
}

function day(certificate: Certificate | undefined): string | undefined {
  return certificate && new Date(certificate.expires * 1_000).toISOString();
}
