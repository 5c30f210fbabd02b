/** The caller's mistake: printed as its message alone, exit code 2. Anything else is exit code 1. */
export class UsageError extends Error {}
