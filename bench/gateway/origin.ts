// What all proxies stand in front of: `node origin.ts <port>`. The path's last segment says how many bytes it answers
// with, and with 404 to any other; what is sent to it is read and dropped.
import { createServer } from 'node:http';

const bodies = new Map(['1024', '65536'].map((size) => [size, Buffer.alloc(Number(size), 'x')]));
createServer((request, response) => {
  const body = bodies.get(/(\d+)\??$/.exec(request.url!)?.[1] ?? '');
  request.resume();
  if (!body) return void response.writeHead(404).end();
  response.writeHead(200, ['Content-Type', 'text/plain', 'Content-Length', String(body.length)]).end(body);
}).listen(Number(process.argv[2]), '127.0.0.1');
