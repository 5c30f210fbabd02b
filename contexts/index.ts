export * from './config.ts';
export * from './parse-config.ts';
export * from './stage.ts';
export * from './snapshot-source.ts';
export * from './snapshot.ts';
export type { RouteEdits } from './route-edits.ts';
export { readName, type FieldEdits } from './field-edits.ts';
export { mapBack, type ReverseRewrite } from './reverse-rewrite.ts';
export type { Kind, Match } from './match.ts';
export type { Doubt, DoubtKind } from './read-target.ts';
export * from './cohort.ts';
export * from './decide.ts';
export { explain, type Explained } from './explain.ts';
export { PIN_FIELD, signPin, withoutCookie, type Overrides, type Side } from './pin.ts';
export * from './own-writes.ts';
export * from './behind.ts';
export { cohortIn } from './cohort-reader.ts';
export { signWrote, withoutWrote, type WroteCookies } from './wrote-cookie.ts';
export { cohortList } from './cohort-config.ts';
export { UNVERIFIED } from './check-canary.ts';
export type { OwnAnswer } from './retired.ts';
export { compileChangedBy, type ChangedBy } from './changed-by.ts';
export type { ContextIdentity, IdentityConfig } from './identity-config.ts';
export { publicKeys, readIdentityKey, type IdentityKey } from './identity-key.ts';
export { protectionOf, type BreakerPolicy, type HealthPolicy, type Protection } from './protection.ts';
export * from './kill.ts';
export * from './kill-answer.ts';
export { parseJsonPath, type JsonPath, type PathStep } from './json-path.ts';
export type { Normaliser, ShadowConfig } from './shadow-config.ts';
export * from './shadow-report.ts';
export * from './wilson.ts';
export * from './durations.ts';
export * from './compare-rates.ts';
export * from './compare-quantiles.ts';
export * from './traffic.ts';
export * from './gateway-status.ts';
export { canShadow, carriesEvents } from './facts-of-context.ts';
export * from './verdict/index.ts';
export { thresholdsOf, USUAL_THRESHOLDS, type VerdictThresholds } from './verdict-config.ts';
export { milliseconds } from './duration.ts';
export { bytesOf } from './size.ts';
export { isAddress, isLoopback } from './address.ts';
export { processName } from './fields.ts';
export type { Limits } from './limits.ts';
export type { ListenerTls, UpstreamTls } from './tls.ts';
export { needsRestart, processesNeedRestart } from './reload.ts';
export { tlsFiles } from './tls.ts';
export { configJsonSchema } from './json-schema.ts';
export * from './diff-config.ts';
export {
  ACCESS_FIELDS,
  type AccessField,
  type AccessLogConfig,
  type ServerTiming,
  type TracingConfig,
} from './seeing-config.ts';
export { aggregateStreams, furtherStreams } from './aggregate-streams.ts';
