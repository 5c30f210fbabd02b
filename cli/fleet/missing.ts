/**
 * Names of the register for which nobody has answered. The second of one name is registered as `name~2`; itself it
 * answers with `name`.
 */
export function missingOf(names: readonly string[], answered: readonly string[]): string[] {
  const left = [...answered];
  return names.filter((name) => {
    const index = left.findIndex((own) => own === name || own === name.replace(/~\d+$/, ''));
    if (index >= 0) left.splice(index, 1);
    return index < 0;
  });
}
