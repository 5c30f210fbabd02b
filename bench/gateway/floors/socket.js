// The least that a proxy of node:http and a bare socket takes: an HTTP client that knows answers with a length alone. `node socket.js <port> <origin>`
import { createServer } from 'node:http';
import { connect } from 'node:net';

const [port, origin] = process.argv.slice(2);
const { hostname, port: originPort } = new URL(origin);
const idle = [];

function open() {
  const socket = connect(Number(originPort), hostname).setNoDelay(true);
  // The origin closes connections that it finds idle.
  socket.on('close', () => idle.splice(0, idle.length, ...idle.filter((one) => one !== socket)));
  let got = '';
  socket.on('data', (packet) => {
    got += packet.latin1Slice();
    const end = got.indexOf('\r\n\r\n');
    const fields = got
      .slice(0, end)
      .split('\r\n')
      .slice(1)
      .flatMap((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]);
    if (end < 0 || got.length < end + 4 + Number(fields[fields.indexOf('Content-Length') + 1])) return;
    const body = got.slice(end + 4);
    got = '';
    const { response } = socket;
    idle.push(socket);
    response.writeHead(200, fields).end(body, 'latin1');
  });
  return socket;
}

createServer(({ method, url, rawHeaders }, response) => {
  let head = `${method} ${url} HTTP/1.1\r\n`;
  for (let index = 0; index < rawHeaders.length; index += 2)
    if (rawHeaders[index] !== 'Connection') head += `${rawHeaders[index]}: ${rawHeaders[index + 1]}\r\n`;
  const socket = idle.pop() ?? open();
  socket.response = response;
  socket.write(`${head}\r\n`, 'latin1');
}).listen(Number(port), '127.0.0.1');
