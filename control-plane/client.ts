/** What a client of the admin API shares with it. Loads none of the server's libraries. */
export { adminTokenFile } from './admin-token.ts';
export { backfillSteps, describeBackfill } from './budget/describe-backfill.ts';
export { describeChange, type ChangeResult } from './change-context.ts';
export type { ContextList, ListedContext } from './list-contexts.ts';
export { contextOf } from './lag/context-of.ts';
export type { LagHistory } from './lag/lag-history.ts';
export type { LagReport } from './lag/lag-report.ts';
export type { ForgottenGateway } from './forget-gateway.ts';
export type { AuditEntry, RegisteredGateway } from './store/snapshot-store.ts';
