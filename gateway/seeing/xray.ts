import { SAMPLED, type Trace, type TraceParent } from './trace.ts';

/** The name of AWS X-Ray's own field, in lower case. */
export const XRAY_FIELD = 'x-amzn-trace-id';

/** A load balancer begins a trace without a parent, and leaves it to others whether it is sampled. */
export type XrayParent = Pick<TraceParent, 'id'> & {
  readonly parent: string | undefined;
  readonly sampled: boolean | undefined;
};

const ROOT = /^1-([\da-f]{8})-([\da-f]{24})$/i;
const PARENT = /^[\da-f]{16}$/i;

/** `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1`; undefined without a good root. */
export function readXray(field: string): XrayParent | undefined {
  const said = partsOf(field);
  const root = ROOT.exec(said.get('root') ?? '');
  if (!root) return undefined;
  const parent = said.get('parent');
  const sampled = said.get('sampled');
  return {
    id: (root[1]! + root[2]!).toLowerCase(),
    parent: parent !== undefined && PARENT.test(parent) ? parent.toLowerCase() : undefined,
    sampled: sampled === '1' ? true : sampled === '0' ? false : undefined,
  };
}

/** The field for an upstream, whose caller is this span. */
export function xrayField({ id, flags }: Pick<Trace, 'id' | 'flags'>, span: string): string {
  return `Root=1-${id.slice(0, 8)}-${id.slice(8)};Parent=${span};Sampled=${flags & SAMPLED}`;
}

function partsOf(field: string): Map<string, string> {
  const parts = field.split(';').map((part) => part.trim().split('=', 2) as [string, string?]);
  return new Map(parts.map(([name, value = '']) => [name.toLowerCase(), value]));
}
