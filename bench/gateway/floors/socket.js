// The least that a proxy of node:http and a bare socket takes: an HTTP client that reads into one buffer and knows answers
// with a length alone. `node socket.js <port> <origin>`
import { createServer } from 'node:http';
import { connect } from 'node:net';

const [port, origin] = process.argv.slice(2);
const { hostname, port: originPort } = new URL(origin);
const idle = [];
const buffer = Buffer.allocUnsafeSlow(64 * 1024);

function open() {
  let got = '';
  const read = (count) => {
    got += buffer.latin1Slice(0, count);
    const end = got.indexOf('\r\n\r\n');
    const fields = got
      .slice(0, end)
      .split('\r\n')
      .slice(1)
      .flatMap((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]);
    if (end < 0 || got.length < end + 4 + Number(fields[fields.indexOf('Content-Length') + 1])) return true;
    const body = got.slice(end + 4);
    got = '';
    const { response } = socket;
    idle.push(socket);
    response.writeHead(200, fields).end(body, 'latin1');
    return true;
  };
  const onread = { buffer, callback: read };
  const socket = connect({ port: Number(originPort), host: hostname, noDelay: true, onread });
  // The origin closes connections that it finds idle.
  socket.on('end', () => idle.splice(0, idle.length, ...idle.filter((one) => one !== socket)));
  return socket;
}

createServer({ optimizeEmptyRequests: true }, ({ method, url, rawHeaders }, response) => {
  let head = `${method} ${url} HTTP/1.1\r\n`;
  for (let index = 0; index < rawHeaders.length; index += 2)
    if (rawHeaders[index] !== 'Connection') head += `${rawHeaders[index]}: ${rawHeaders[index + 1]}\r\n`;
  const socket = idle.pop() ?? open();
  socket.response = response;
  socket.write(`${head}\r\n`, 'latin1');
}).listen(Number(port), '127.0.0.1');
