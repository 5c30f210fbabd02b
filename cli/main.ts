#!/usr/bin/env node
// Nothing is imported before the version is known: on an older Node.js the libraries break while they load.
const required = 24;
if (Number(process.versions.node.split('.')[0]) < required) {
  process.stderr.write(
    `banyan: this is Node.js ${process.versions.node}; required is ${required} or later. Install it, from https://nodejs.org or by \`npm install node@${required}\`.\n`,
  );
  process.exitCode = 2;
} else {
  const { run } = await import('./program.ts');
  await run();
}
