/** The three sets of Banyan's tables, each installed, granted and removed apart. */
export const TABLE_SETS = ['outbox', 'inbox', 'control'] as const;
export type TableSet = (typeof TABLE_SETS)[number];

/** Why nothing (more) was installed or removed: what was found, what is required, what to do. */
export class InstallError extends Error {
  override name = 'InstallError';
}
