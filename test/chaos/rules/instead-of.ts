/** The same object, getters included, but for what `changed` has. */
export const insteadOf = <T extends object>(original: T, changed: Partial<T>): T =>
  Object.assign(Object.create(original) as T, changed);
