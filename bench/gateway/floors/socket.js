// The least that a proxy of node:http and a bare socket takes: an HTTP client that believes every answer to be one packet
// with a length. `node socket.js <port> <origin>`
import { createServer } from 'node:http';
import { connect } from 'node:net';

const [port, origin] = process.argv.slice(2);
const { hostname, port: originPort } = new URL(origin);
const idle = [];

function open() {
  const socket = connect(Number(originPort), hostname).setNoDelay(true);
  socket.on('data', (packet) => {
    const end = packet.indexOf('\r\n\r\n');
    const fields = packet
      .latin1Slice(0, end)
      .split('\r\n')
      .slice(1)
      .flatMap((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]);
    const { response } = socket;
    idle.push(socket);
    response.writeHead(200, fields).end(packet.latin1Slice(end + 4), 'latin1');
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
