import { createConnection, type RowDataPacket } from 'mysql2/promise';
import type { DeedOf } from '../plan.ts';
import type { World } from '../world.ts';

/** Kills or stops the server and starts it again; one that isn't ours to restart loses all its connections to us. */
export async function restartDatabase(world: World, { signal }: DeedOf<'restart-database'>): Promise<void> {
  if (world.server.restart) await world.server.restart(signal);
  else await killConnections(world, { share: 1 });
}

/** Kills this share of all connections to the run's database, whatever they are doing. */
export async function killConnections(
  { server, name }: World,
  { share }: Pick<DeedOf<'kill-connections'>, 'share'>,
): Promise<void> {
  const connection = await createConnection({ uri: server.url });
  try {
    const [rows] = await connection.query<RowDataPacket[]>(
      'SELECT id FROM information_schema.processlist WHERE db = ? ORDER BY id',
      [name],
    );
    for (const { id } of rows.slice(0, Math.ceil(rows.length * share)))
      // It may have ended by itself.
      await connection.query('KILL ?', [id]).catch(() => {});
  } finally {
    await connection.end();
  }
}
