/** `banyan/store`: where a gateway inside another process takes its stages from. */
export { openStore } from './open-store.ts';
export { gatewaySource, type GatewaySource, type GatewaySourceOptions } from './gateway-source.ts';
export { StoreAway, type SnapshotStore } from './snapshot-store.ts';
