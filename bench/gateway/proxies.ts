import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CONTEXTS, routes } from './load.ts';

/** What is measured: whom it stands for, and how it is started. */
export interface Proxy {
  readonly name: string;
  readonly kind: 'ours' | 'npm' | 'native' | 'floor';
  /** Writes what it needs into its folder, and returns the command that then listens on this port. */
  prepare(port: number, origin: string, folder: string): Command;
}

export interface Command {
  readonly command: string;
  readonly args: string[];
}

export const BANYAN: Proxy = { name: 'banyan', kind: 'ours', prepare: gateway('reads: { canary: 50 }') };

/** Every read that belongs to a context is copied for a service that nobody runs. */
export const DEAD_SHADOW: Proxy = {
  name: 'banyan (dead shadow)',
  kind: 'ours',
  prepare: gateway('reads: shadow, shadow: { sample: 1 }', 'http://127.0.0.1:1'),
};

export const PROXIES: readonly Proxy[] = [
  BANYAN,
  DEAD_SHADOW,
  npmPeer('@fastify/http-proxy', 'fastify.js'),
  npmPeer('fast-gateway', 'fast-gateway.js'),
  npmPeer('express + http-proxy-middleware', 'express.js'),
  { name: 'nginx', kind: 'native', prepare: nginx },
  { name: 'haproxy', kind: 'native', prepare: haproxy },
];

/** What the parts that the gateway is made of cost alone: nothing made of them can cost less. */
export const FLOORS: readonly Proxy[] = [
  { name: 'node:http, no upstream', kind: 'floor', prepare: script('floors/server.js') },
  { name: 'node:http and undici', kind: 'floor', prepare: script('floors/undici.js') },
  { name: 'node:http and a socket', kind: 'floor', prepare: script('floors/socket.js') },
];

/** The gateway as production runs it: 200 routes, three contexts in this stage, their services at the origin or elsewhere. */
function gateway(stage: string, service?: string): Proxy['prepare'] {
  return (port, origin, folder) => {
    const services = CONTEXTS.map((name) => `  ${name}: { url: '${service ?? origin}' }\n`);
    const contexts = CONTEXTS.map((name) => {
      const own = routes(name).map((route) => `'${route}'`);
      return `  ${name}: { upstream: ${name}, cohort: { cookie: sid }, ${stage}, routes: [${own.join(', ')}] }\n`;
    });
    const file = written(
      folder,
      'banyan.yaml',
      `gateway: { listen: '127.0.0.1:${port}', ops: '127.0.0.1:0', stateDir: '${folder}/state' }\n` +
        `upstreams:\n  monolith: { url: '${origin}' }\n${services.join('')}contexts:\n${contexts.join('')}`,
    );
    return {
      command: process.execPath,
      args: [here('../../cli/main.ts'), '-c', file, 'gateway', '--no-admin'],
    };
  };
}

/** As its README starts it. */
function npmPeer(name: string, file: string): Proxy {
  return { name, kind: 'npm', prepare: script(`peers/${file}`) };
}

function script(file: string): Proxy['prepare'] {
  return (port, origin) => ({ command: process.execPath, args: [here(file), String(port), origin] });
}

/** One worker that keeps its connections to the origin and logs nothing: as one sets it up for speed. */
function nginx(port: number, origin: string, folder: string): Command {
  const file = written(
    folder,
    'nginx.conf',
    `worker_processes 1; daemon off; pid ${folder}/pid; error_log stderr crit;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi; uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
  keepalive_requests 100000000;
  upstream origin { server ${new URL(origin).host}; keepalive 128; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://origin;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr;
    }
  }
}
`,
  );
  return { command: 'nginx', args: ['-c', file, '-p', folder] };
}

/** One thread, connections to the origin shared. */
function haproxy(port: number, origin: string, folder: string): Command {
  const file = written(
    folder,
    'haproxy.cfg',
    `global
  nbthread 1
  maxconn 4096
defaults
  mode http
  option forwardfor
  http-reuse safe
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend clients
  bind 127.0.0.1:${port}
  default_backend origin
backend origin
  server one ${new URL(origin).host}
`,
  );
  return { command: 'haproxy', args: ['-db', '-f', file] };
}

function written(folder: string, name: string, text: string): string {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

function here(file: string): string {
  return fileURLToPath(new URL(file, import.meta.url));
}
