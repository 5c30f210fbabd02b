/** The value of an environment variable; throws, with its name, when it isn't set. */
export function requiredVariable(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set; this process doesn't run without it`);
  return value;
}
