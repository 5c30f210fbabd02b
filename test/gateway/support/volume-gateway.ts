import { pino } from 'pino';
import { startGateway } from '../../../gateway/start-gateway.ts';
import { configOf } from '../../contexts/sample.ts';
import { memorySource } from '../../support/memory-source.ts';

// A gateway in a process of its own, so that its memory can be measured. Prints its URL, then answers every line
// on stdin with the bytes that it holds.
const [monolith, stateDir] = process.argv.slice(2);
const config = configOf(`
gateway: { listen: '127.0.0.1:0', ops: '127.0.0.1:0', stateDir: ${JSON.stringify(stateDir)} }
upstreams: { monolith: { url: '${monolith}' } }
`);
const gateway = await startGateway({
  config,
  source: memorySource(),
  name: 'volume',
  log: pino({ level: 'silent' }),
});
process.stdout.write(`${gateway.url}\n`);
process.stdin.on('data', () => process.stdout.write(`${process.memoryUsage.rss()}\n`));
process.stdin.on('end', () => process.exit(0));
