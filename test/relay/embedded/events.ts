import { createHint, embedRelay, openDatabase, type StreamAddress } from '../../../relay/package-entry.ts';

export async function startEvents(outbox: string, stream: StreamAddress) {
  const database = openDatabase(outbox);
  const relay = await embedRelay({ database, stream });
  return {
    hint: createHint(relay),
    async stop() {
      await relay.stop();
      await database.end();
    },
  };
}
