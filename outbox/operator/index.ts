/** What an operator does with events by hand: the face of `outbox/` to the command. */
export { readAudit, type AuditEntry, type Author } from './audit.ts';
export { countWaiting, type Waiting } from './count-waiting.ts';
export { discard, redrive, type Progress } from './change-parked.ts';
export { countEvents, eraseEvents, type EraseOutcome, type EventsOfKey } from './erase.ts';
export { findParked, countParked, type ParkedFilter } from './find-parked.ts';
export { planRedrive, type RedrivePlan } from './plan-redrive.ts';
export { readEvent, readSuccessors, type ShownEvent, type Successor } from './read-event.ts';
export { sentOfKey, type SentOfKey } from './sent-of-key.ts';
export { askForRedrive, readRedrives, type Redrive, type RedrivenEvents } from './redrives.ts';
export type { ParkedEvent } from './parked-event.ts';
export { maskData } from '../mask.ts';
export { personalPlaces } from '../personal-places.ts';
export { boundMap } from '../bind-stream.ts';
export { streamOf } from '../stream-map.ts';
export { poisonPolicy, type PoisonPolicy } from '../poison-policy.ts';
