import type { AccessLogConfig } from '../../contexts/index.ts';
import { accessLine, undecidedLine, type AccessLine, type Ended, type Undecided } from './access-line.ts';
import type { Sighting } from './sighting.ts';

/** Where lines go. It must hold nobody up: who writes is about to answer the next request. */
export type WriteLine = (line: AccessLine) => void;

/** One line for each request. */
export interface AccessLog {
  answered(sighting: Sighting, ended: Ended): void;
  undecided(request: Undecided): void;
}

/** `write` gets lines about all that failed or was slow, and of the others as large a share as `sample` says. */
export function openAccessLog(config: AccessLogConfig, write: WriteLine): AccessLog {
  const { sample, slow } = config;
  return {
    answered(sighting, ended) {
      if (sample < 1 && !isRemarkable(sighting, ended, slow) && Math.random() >= sample) return;
      write(accessLine(sighting, ended, config));
    },
    undecided: (request) => write(undecidedLine(request, config)),
  };
}

/** Not answered, answered with 5xx, in another's place or after a second try; or slow, other than a tunnel that ends. */
function isRemarkable(
  { attempts, fellBack, began }: Sighting,
  { status, failure, shed, limit, over }: Ended,
  slow: number,
): boolean {
  if (status === undefined || status >= 500 || failure || shed || limit) return true;
  if (fellBack !== undefined || attempts.length > 1) return true;
  return status !== 101 && over - began >= slow;
}
