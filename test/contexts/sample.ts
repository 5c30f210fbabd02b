import {
  compileSnapshot,
  parseConfig,
  type Config,
  type ContextStages,
  type Snapshot,
} from '../../contexts/index.ts';

/** A checked config from YAML; throws with its mistakes. */
export function configOf(yaml: string): Config {
  const parsed = parseConfig(yaml, () => undefined);
  if (!parsed.ok)
    throw new Error(parsed.mistakes.map(({ path, message }) => `${path}: ${message}`).join('\n'));
  return parsed.config;
}

export const SHOP = `
upstreams:
  monolith: { url: http://127.0.0.1:3000 }
  inventory: { url: http://127.0.0.1:3001, timeout: 2s }
contexts:
  inventory:
    upstream: inventory
    cohort: { cookie: sid }
    routes:
      - GET /inventory/:sku
      - POST /inventory/:sku
`;

/** The shop at revision 7, with these stages for `inventory`. */
export function shopAt(stages: Partial<ContextStages>, yaml = SHOP): Snapshot {
  const inventory = {
    reads: { stage: 'legacy' },
    writes: { stage: 'legacy' },
    salt: 's',
    ...stages,
  } as const;
  return compileSnapshot(configOf(yaml), { generation: 'g', revision: 7, contexts: { inventory } });
}
