import { CUSTOMERS, PASSWORD, STAFF } from '../shop/seed.ts';
import type { System } from '../start-system.ts';
import type { Terminal } from '../terminal.ts';

/** Where everything is, and how to log in. */
export function introduce(terminal: Terminal, { urls, config }: System): void {
  terminal.heading('A shop, a gateway in front of it, and an inventory service that only events have filled');
  terminal.say(`  shop through the gateway   ${urls.gateway}/`);
  terminal.say(`  inventory of one plant     ${urls.gateway}/inventory/banyan   (look at x-served-by)`);
  terminal.say(`  log in                     ${CUSTOMERS[0]} or ${STAFF}, password ${PASSWORD}`);
  terminal.say(`  monolith, service          ${urls.monolith}/   ${urls.inventory}/inventory/banyan`);
  terminal.say(`  admin API                  ${urls.admin}/v1/contexts   (bearer token: see banyan.yaml)`);
  terminal.say(
    `  metrics                    ${[urls.gatewayOps, urls.controlOps, urls.relayOps, urls.inventoryOps].map((ops) => `${ops}/metrics`).join('   ')}`,
  );
  terminal.say(`  configuration and logs     ${config}`);
}

/** What to try once the story is told. */
export function invite(terminal: Terminal, { config, token }: System): void {
  terminal.heading('That was the story. The shoppers go on; it is your turn:');
  terminal.say(`  export BANYAN_TOKEN=${token}`);
  terminal.say(`  banyan() { npm run -s banyan -- -c ${config} "$@"; }`);
  terminal.say('  banyan context set inventory --reads canary --percent 25');
  terminal.say('  banyan status inventory');
  terminal.say('  banyan lag --watch');
  terminal.say('  Ctrl+C stops every process and leaves nothing behind.\n');
}
