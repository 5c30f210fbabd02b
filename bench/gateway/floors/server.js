// The least that node:http takes for a client: a server that answers by itself. `node server.js <port>`
import { createServer } from 'node:http';

const body = Buffer.alloc(1_024, 'x');
createServer({ optimizeEmptyRequests: true }, (_request, response) => {
  response.writeHead(200, ['Content-Type', 'text/plain', 'Content-Length', '1024']).end(body);
}).listen(Number(process.argv[2]), '127.0.0.1');
