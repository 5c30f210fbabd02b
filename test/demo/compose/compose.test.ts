import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseConfig } from '../../../contexts/index.ts';
import { readCompose, root } from './read-compose.ts';

const { services } = readCompose();
const ours = Object.entries(services).filter(([, { build }]) => build);
const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8');

test('the whole product is there: MySQL 8.4, Valkey, kinesis-mock, gateway, relay, demo', () => {
  expect(services['database']?.image).toBe('mysql:8.4');
  expect(services['redis']?.image).toBe('valkey/valkey:8');
  expect(services['kinesis']?.image).toMatch(/kinesis-mock:\d/);
  expect(Object.keys(services)).toEqual(
    expect.arrayContaining(['control-plane', 'gateway', 'relay', 'demo', 'shop', 'inventory']),
  );
});

test('what is ours runs without root, without rights, on a read-only root file system', () => {
  expect(ours.map(([name]) => name)).toEqual(
    expect.arrayContaining(['gateway', 'relay', 'control-plane', 'demo']),
  );
  for (const [name, service] of ours) {
    expect(service, name).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
    });
    expect(dockerfile, name).toContain(` AS ${service.build!.target}\n`);
  }
  const stages = dockerfile.split(/^FROM /m).slice(1);
  const target = stages.find((stage) => / AS banyan\n/.test(stage))!;
  expect(target.match(/^USER .*$/gm)).toEqual(['USER node']);
  expect(stages.find((stage) => / AS demo\n/.test(stage))).toMatch(/^banyan AS demo\n(?![\s\S]*^USER )/m);
});

test('nothing is published beyond this machine', () => {
  const published = Object.values(services).flatMap(({ ports = [] }) => ports);
  expect(published.length).toBeGreaterThan(4);
  for (const port of published) expect(port).toMatch(/^127\.0\.0\.1:/);
});

test('every host, file and service that is named is there', () => {
  for (const [name, { environment = {}, volumes = [], command = [], depends_on: needs = {} }] of ours) {
    for (const value of Object.values(environment)) {
      const host = /^\w+:\/\/(?:\w+@)?([a-z-]+)[:/]/.exec(value)?.[1];
      if (host) expect(Object.keys(services), `${name}: ${value}`).toContain(host);
    }
    for (const volume of volumes.filter((one) => one.startsWith('./')))
      expect(existsSync(join(root, volume.split(':')[0]!)), `${name}: ${volume}`).toBe(true);
    for (const file of command.filter((one) => one.endsWith('.ts')))
      expect(existsSync(join(root, file)), `${name}: ${file}`).toBe(true);
    for (const [other, { condition }] of Object.entries(needs)) {
      expect(Object.keys(services), `${name} needs ${other}`).toContain(other);
      if (condition === 'service_healthy')
        expect(services[other]!.healthcheck, `${other} of ${name}`).toBeDefined();
    }
  }
});

test('each health check asks a port that its process has', () => {
  const config = readFileSync(join(root, 'demo/compose/banyan.yaml'), 'utf8');
  for (const [name, { healthcheck, environment }] of ours) {
    const port = /127\.0\.0\.1:(\d+)/.exec(healthcheck?.test.join(' ') ?? '')?.[1];
    if (port) expect(`${config}${Object.values(environment).join(' ')}`, name).toContain(`0.0.0.0:${port}`);
  }
});

test('the configuration is a valid one with the variables that the containers get', () => {
  const text = readFileSync(join(root, 'demo/compose/banyan.yaml'), 'utf8');
  const parsed = parseConfig(text, (name) => services['gateway']?.environment[name]);
  expect(parsed).toMatchObject({ ok: true });
});
