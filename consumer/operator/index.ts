/** What an operator does with held events by hand: the face of `consumer/` to the command. */
export { countHeld, eraseHeld, type HeldErased, type HeldOfKey } from './erase-held.ts';
export {
  findGaps,
  findKnown,
  readHeldEvent,
  type Gap,
  type HeldFilter,
  type KnownNumber,
} from './find-held.ts';
export { readInboxAudit, type InboxAuditEntry, type InboxAuthor } from './inbox-audit.ts';
export { passGap } from './pass-gap.ts';
export { handleKnown, skipKnown } from './settle-known.ts';
export { numbersBetween } from '../numbers-between.ts';
