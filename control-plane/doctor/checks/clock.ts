import { ok, problem, warning, type Said } from '../finding.ts';

/** A signature of AWS is refused when the clock is five minutes off (Signature Version 4). */
const REFUSED = 300_000;
/** Milliseconds above which logs of two machines can't be read side by side. */
const FAR = 2_000;

/** How far two clocks are apart, by more than the answer's way explains. `signs`: whether AWS judges by it. */
export function clock(
  what: string,
  { ahead, within }: { readonly ahead: number; readonly within: number },
  signs = false,
): Said {
  const apart = Math.max(0, Math.abs(ahead) - within);
  const found = `${what} is ${Math.abs(ahead)} ms ${ahead < 0 ? 'behind' : 'ahead of'} this machine (± ${within} ms)`;
  const todo = 'let NTP (chrony, Amazon Time Sync) set both clocks';
  if (signs && apart >= REFUSED * 0.8)
    return problem(found, 'less than 4 minutes: AWS refuses signatures that are 5 minutes off', todo);
  if (apart >= FAR)
    return warning(
      found,
      `less than ${FAR} ms. Leases and lag go by the database's clock alone; certificates, logs and times of events don't`,
      todo,
    );
  return ok(found);
}
