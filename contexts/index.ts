export * from './config.ts';
export * from './parse-config.ts';
export * from './stage.ts';
export * from './snapshot-source.ts';
