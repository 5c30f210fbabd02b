// Express with http-proxy-middleware, and the keep-alive agent that it needs. `node express.js <port> <origin>`
import { Agent } from 'node:http';
import express from 'express';
import { createProxyMiddleware } from 'http-proxy-middleware';

const [port, target] = process.argv.slice(2);
express()
  .use(createProxyMiddleware({ target, agent: new Agent({ keepAlive: true }) }))
  .listen(Number(port), '127.0.0.1');
