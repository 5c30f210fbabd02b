// The Kinesis emulator as a process of its own: `node kinesis-server.ts <port>`.
import kinesalite from 'kinesalite';

kinesalite({ shardLimit: 500, createStreamMs: 5, deleteStreamMs: 5, updateStreamMs: 5 }).listen(
  Number(process.argv[2]),
  '127.0.0.1',
);
