export * from './store/open-store.ts';
export * from './store/snapshot-store.ts';
export * from './start-control-plane.ts';
export { adminTokenFile } from './admin-token.ts';
export { describeChange, type ChangeResult } from './change-context.ts';
export type { ContextList, ListedContext } from './list-contexts.ts';
export { lagRoutes, type Lag } from './lag/lag-routes.ts';
export type { LagReport } from './lag/lag-report.ts';
