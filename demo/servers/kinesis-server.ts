// The Kinesis emulator as a process of its own: `node kinesis-server.ts <port>`.
import kinesalite from 'kinesalite';

// A client that is killed in mid-request would take the emulator with it: it throws what its requests end with.
process.on('uncaughtException', (error: NodeJS.ErrnoException) => {
  if (error.code === 'ECONNRESET') return;
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});

kinesalite({ shardLimit: 500, createStreamMs: 5, deleteStreamMs: 5, updateStreamMs: 5 }).listen(
  Number(process.argv[2]),
  '127.0.0.1',
);
