import type { Checked } from './cross-checks.ts';
import { listOf, mapOf, textOf } from './written.ts';

/** Whom traces are taken from must be somebody. */
export function checkSeeing({ root, report }: Checked): void {
  const gateway = mapOf(root['gateway']);
  const tracing = mapOf(gateway['tracing']);
  if (textOf(tracing['from']) !== 'trustedProxies' || listOf(gateway['trustedProxies']).length > 0) return;
  report(
    ['gateway', 'tracing', 'from'],
    "'trustedProxies' continues nobody's trace while gateway.trustedProxies names none: name the proxies in front, or say 'anybody'",
  );
}
