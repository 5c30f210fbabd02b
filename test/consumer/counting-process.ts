// A counting service as a process of its own: `node counting-process.ts <database> <stream> <endpoint> [sequence]`.
import { countingConsumer, countingDatabase, sequenced } from './counting.ts';

const [url = '', name = '', endpoint = '', order] = process.argv.slice(2);
const registry = order === 'sequence' ? sequenced : undefined;
const consumer = countingConsumer(await countingDatabase(url), { name, endpoint }, { registry });
await consumer.start();
console.log('started');
