export * from './config.ts';
export * from './parse-config.ts';
export * from './stage.ts';
export * from './snapshot-source.ts';
export * from './snapshot.ts';
export * from './match.ts';
export * from './cohort.ts';
export * from './decide.ts';
export { milliseconds } from './duration.ts';
