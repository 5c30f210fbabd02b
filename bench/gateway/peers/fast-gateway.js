// fast-gateway as its README starts it. `node fast-gateway.js <port> <origin>`
import gateway from 'fast-gateway';

const [port, target] = process.argv.slice(2);
await gateway({ routes: [{ prefix: '', target }] }).start(Number(port), '127.0.0.1');
