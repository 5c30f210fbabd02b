// The shoppers as a process: through the gateway until SIGTERM, telling every ten seconds what they saw.
import { shutdownSignal } from '../../runtime/shutdown.ts';
import { wait } from '../../runtime/wait.ts';
import { requiredVariable } from '../required-variable.ts';
import { startShoppers } from '../shoppers/start-shoppers.ts';

const EVERY = 10_000;
const stopped = shutdownSignal();
const shoppers = startShoppers({
  url: requiredVariable('GATEWAY'),
  rate: Number(process.env['RATE'] ?? 10),
  regulars: 100,
});
let last = { ...shoppers.tally };
while (!stopped.aborted) {
  await wait(EVERY, stopped);
  const now = { ...shoppers.tally };
  const reads = now.reads - last.reads;
  const onService = now.readsOnService - last.readsOnService;
  process.stdout.write(
    `${now.requests - last.requests} requests, ${onService} of ${reads} inventory reads on the service, ` +
      `${now.failed - last.failed} failed\n`,
  );
  last = now;
}
await shoppers.stop();
