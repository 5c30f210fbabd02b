export type { RowChange, Translate, Translation } from '../outbox/row-change.ts';
export * from './translate/load-translations.ts';
