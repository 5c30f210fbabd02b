import { randomUUID } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import type { Config, SnapshotSource } from '../../contexts/index.ts';
import type { Log } from '../../runtime/log.ts';
import type { GatewayMetrics } from '../metrics.ts';
import type { Holder } from '../snapshot/holder.ts';
import { openAuditing } from './audit.ts';
import { openKillSwitch } from './kill-switch.ts';
import { killedGauge } from './killed-gauge.ts';
import { latchFile } from './latch-file.ts';
import { openLatches, type Latches } from './latches.ts';
import { killHandlers } from './ops-handlers.ts';
import { watchKillFile } from './watched-file.ts';

/** The kill switch of one gateway, at work. */
export interface OpenKill {
  /** What the ops port serves of it, by path. */
  readonly handlers: Readonly<Record<string, RequestListener>>;
  stop(): Promise<void>;
}

export interface KillOptions {
  readonly config: Config;
  readonly source: SnapshotSource;
  readonly name: string;
  readonly log: Log;
  readonly latches: Latches;
  readonly holder: Holder;
  readonly metrics: GatewayMetrics;
}

/** The latches on this gateway's disk; they come before the first snapshot, so that nothing is decided without them. */
export function latchesOf({ config, name, log }: Pick<KillOptions, 'config' | 'name' | 'log'>) {
  const { stateDir } = config.gateway;
  return openLatches({ file: latchFile(stateDir, name), contexts: Object.keys(config.contexts), log });
}

/** Joins latches, rules, the watched file and the audit. Resolves when what the file names is killed. */
export async function openKill(options: KillOptions): Promise<OpenKill> {
  const { config, source, name, log, latches, holder, metrics } = options;
  const { stateDir, kill } = config.gateway;
  const auditing = openAuditing({ latches, source, log });
  const file = watchKillFile(kill.file ?? join(stateDir, 'kill'), log);
  const killSwitch = openKillSwitch({
    ...{ latches, holder, name, log },
    inFile: file.names,
    onRecord: auditing.begin,
  });
  killedGauge(metrics.registry, killSwitch);
  await file.begin(killSwitch);
  auditing.begin();
  return {
    handlers: killHandlers({
      ...{ killSwitch, holder, name, instance: randomUUID() },
      unaudited: () => latches.unaudited().length,
    }),
    async stop() {
      await file.stop();
      await auditing.stop();
      await latches.stop();
    },
  };
}
