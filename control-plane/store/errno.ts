/** Whether the operating system refused something (with this code): no mistake of the program. */
export function isErrno(error: unknown, code?: string): error is NodeJS.ErrnoException {
  const found = error as NodeJS.ErrnoException | null;
  return (
    found instanceof Error &&
    typeof found.syscall === 'string' &&
    typeof found.code === 'string' &&
    (code === undefined || found.code === code)
  );
}

/** For `.catch`: what is taken instead of a file that isn't there. */
export function ifMissing<T>(instead: T): (error: unknown) => T {
  return (error) => {
    if (isErrno(error, 'ENOENT')) return instead;
    throw error;
  };
}
