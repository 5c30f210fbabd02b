export * from './store/open-store.ts';
export { gatewaySource, type GatewaySource } from './store/gateway-source.ts';
export * from './store/snapshot-store.ts';
export * from './start-control-plane.ts';
export { unreadable } from './store/unreadable.ts';
export * from './client.ts';
export { readBackfillDue, type BackfillDue } from './budget/stop-captures.ts';
export { lagRoutes, type Lag } from './lag/lag-routes.ts';
