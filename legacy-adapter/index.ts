export type { Translation } from '../outbox/row-change.ts';
export type { RowChange, Translate } from './translate/row-change.ts';
export type { Capture } from './capture/facts.ts';
export type { CapturePlan } from './capture/plan.ts';
export { applyCapture, CaptureRefused, readPlan } from './capture/apply.ts';
export { describePlan } from './capture/describe-plan.ts';
export { dropCapture, isCapturing } from './capture/drop.ts';
export { loadTranslations } from './translate/load-translations.ts';
export { holds, type Scope } from './capture/rights.ts';
