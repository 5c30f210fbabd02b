import type { LagReport } from '../control-plane/client.ts';

/**
 * Whether the lag is good: everything is known, and nothing is older than `maxAge` milliseconds: no pending or
 * parked event, no consumer's lag, no event that a consumer holds or has parked, no heartbeat (by more than the time
 * between two), no open transaction that holds events back. An open transaction that can't be seen (the PROCESS
 * privilege is missing) is unknown, and bad: its events will be as old as it is.
 */
export function lagIsGood(
  { contexts, total, heartbeatMs, openTransaction, problems }: LagReport,
  maxAge: number,
): boolean {
  if (problems.length > 0 || total.pending === null || total.parked === null) return false;
  if (openTransaction.state === 'unknown') return false;
  if (contexts.some(({ consumerState }) => consumerState === 'unknown')) return false;
  if (contexts.some(({ endToEndState }) => endToEndState === 'unknown')) return false;
  const held = total.consumerHeld;
  if (held === null) return false;
  const ages = [
    ...(total.pending > 0 ? [total.oldestAgeMs] : []),
    ...(total.parked > 0 ? [total.oldestParkedAgeMs] : []),
    ...(total.consumerState === 'none' ? [] : [total.consumerLagMs]),
    ...(held && held.waiting > 0 ? [held.oldestWaitingMs] : []),
    ...(held && held.parked > 0 ? [held.oldestParkedMs] : []),
    // A heartbeat is as old as the next one lets it become.
    ...(total.endToEndState === 'known' ? [Math.max(0, (total.endToEndMs ?? 0) - (heartbeatMs ?? 0))] : []),
    ...(openTransaction.state === 'open' ? [openTransaction.ageMs] : []),
  ];
  return ages.every((age) => age !== null && age >= 0 && age <= maxAge);
}
