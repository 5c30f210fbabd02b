// A process that owns two children and a folder, as the demo does; child.int.test.ts ends it in several ways.
import { startChild } from '../../../demo/servers/child.ts';
import { temporaryFolder } from '../../../demo/servers/temporary-folder.ts';

const waits = "process.on('SIGTERM', () => process.exit()); console.log('up'); setInterval(() => {}, 1000)";
const deaf = "process.on('SIGTERM', () => {}); console.log('up'); setInterval(() => {}, 1000)";

const folder = await temporaryFolder('banyan-parent-');
const start = async (program: string) => {
  let up = () => {};
  const ready = new Promise<void>((resolve) => (up = resolve));
  const child = startChild({ command: process.execPath, args: ['-e', program], onOutput: up });
  await ready;
  return child;
};
const first = await start(waits);
const second = await start(process.argv[2] === 'deaf' ? deaf : waits);
process.on('SIGINT', () => {
  void (async () => {
    await first.stop();
    // If the terminal's Ctrl+C had reached the second too, it would be gone by now.
    process.kill(second.pid, 0);
    await second.stop();
    await folder.remove();
    process.stdout.write('in order\n', () => process.exit(0));
  })();
});
process.stdout.write(`${JSON.stringify({ pids: [first.pid, second.pid], folder: folder.path })}\n`);
