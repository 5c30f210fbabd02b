// The least that a proxy of node:http and undici takes: no routing, no decision, no field looked at but `Connection`, no
// time-out, no error handled. `node undici.js <port> <origin>`
import { createServer } from 'node:http';
import { createRequire } from 'node:module';

// Banyan's own, and not the older one that a peer brings.
const { Pool } = createRequire(new URL('../../../package.json', import.meta.url))('undici');
const [port, origin] = process.argv.slice(2);
const pool = new Pool(origin, { headersTimeout: 0, bodyTimeout: 0 });

class Carried {
  constructor(response) {
    this.response = response;
  }
  onRequestStart() {}
  onResponseStart({ rawHeaders }, status) {
    this.response.writeHead(
      status,
      rawHeaders.map((part) => part.toString('latin1')),
    );
  }
  onResponseData(_controller, chunk) {
    this.response.end(chunk.toString('latin1'), 'latin1');
  }
  onResponseEnd() {}
  onResponseError() {
    this.response.destroy();
  }
}

createServer({ optimizeEmptyRequests: true }, (request, response) => {
  const headers = request.rawHeaders.filter((_, index, raw) => raw[index - (index % 2)] !== 'Connection');
  pool.dispatch({ path: request.url, method: request.method, headers, body: null }, new Carried(response));
}).listen(Number(port), '127.0.0.1');
