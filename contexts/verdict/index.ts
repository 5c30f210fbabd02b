export * from './criterion.ts';
export * from './judge-context.ts';
export * from './judge-fleet.ts';
export { judgeBackfill, judgeHeld, judgeLag, judgeParked, type EventsEvidence } from './judge-events.ts';
export * from './next-step.ts';
export * from './is-it-us.ts';
export { count, percent, time } from './spell.ts';
