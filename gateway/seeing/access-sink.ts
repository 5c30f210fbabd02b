import { Counter, type Registry } from 'prom-client';
import type { WriteLine } from './access-log.ts';

/** Where the access log goes. */
export interface AccessSink {
  readonly write: WriteLine;
  /** Lines that were lost, because whoever reads them takes them too slowly. */
  lost?(): number;
}

export function lostLines(registry: Registry, { lost }: AccessSink): void {
  new Counter({
    name: 'banyan_gateway_access_log_lost_total',
    help: 'Lines of the access log that were lost, because whoever reads them is too slow.',
    registers: [registry],
    collect() {
      this.reset();
      this.inc(lost?.() ?? 0);
    },
  });
}
