import { parser } from '@prometheus-io/lezer-promql';

/** What an expression of PromQL asks for. */
export interface Promql {
  /** Where Prometheus' own grammar finds no sense. */
  readonly mistakes: readonly string[];
  readonly selectors: readonly { readonly metric: string; readonly labels: readonly string[] }[];
  /** Labels by which series are joined or summed. */
  readonly grouping: readonly string[];
}

/** Reads an expression, of Grafana too: a variable of its own stands for a length of time. */
export function readPromql(written: string): Promql {
  const expr = written.replaceAll('$__rate_interval', '5m');
  const mistakes: string[] = [];
  const selectors: { metric: string; labels: string[] }[] = [];
  const grouping: string[] = [];
  let inGrouping = false;
  parser.parse(expr).iterate({
    enter({ name, type, from, to }) {
      const text = expr.slice(from, to);
      if (type.isError)
        mistakes.push(`${expr.slice(Math.max(0, from - 20), from)}▶${expr.slice(from, from + 20)}`);
      if (name === 'GroupingLabels') inGrouping = true;
      if (name === 'VectorSelector') selectors.push({ metric: '', labels: [] });
      if (name === 'Identifier') selectors.at(-1)!.metric = text;
      if (name === 'LabelName') (inGrouping ? grouping : selectors.at(-1)!.labels).push(text);
    },
    leave({ name }) {
      if (name === 'GroupingLabels') inGrouping = false;
    },
  });
  return { mistakes, selectors, grouping };
}
