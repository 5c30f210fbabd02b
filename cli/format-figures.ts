/** Named figures in a row: `120 of 4000, parked 1`; `–` without any. */
export function formatFigures(figures: Readonly<Record<string, unknown>> | null): string {
  if (figures === null) return '–';
  const { done, total, ...rest } = figures;
  const all = [
    ...(done === undefined
      ? []
      : [total === undefined || total === null ? `${done}` : `${done} of ${total}`]),
    ...(done === undefined && total !== undefined && total !== null ? [`total ${total}`] : []),
    ...Object.entries(rest)
      .filter(([, value]) => value !== null)
      .map(([name, value]) => `${name} ${value}`),
  ];
  return all.join(', ') || '–';
}
