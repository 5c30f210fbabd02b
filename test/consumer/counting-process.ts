// A counting service as a process of its own: `node counting-process.ts <database> <stream> <endpoint>`.
import { countingConsumer, countingDatabase } from './counting.ts';

const [url = '', name = '', endpoint = ''] = process.argv.slice(2);
const consumer = countingConsumer(await countingDatabase(url), { name, endpoint });
await consumer.start();
console.log('started');
