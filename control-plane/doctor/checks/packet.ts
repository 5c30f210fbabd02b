import { ok, warning } from '../finding.ts';
import type { DatabaseCheck } from './database-check.ts';

/** Whether an event as large as the stream takes can be written: as SQL text it may be twice its size. */
export const packet: DatabaseCheck = ({ set, variables }, { recordBytes }) => {
  if (set !== 'outbox') return [];
  const bytes = Number(variables['max_allowed_packet']);
  const needed = 2 * recordBytes;
  return bytes >= needed
    ? [ok(`max_allowed_packet is ${bytes} bytes, the stream's records ${recordBytes}`)]
    : [
        warning(
          `max_allowed_packet is ${bytes} bytes, and the stream takes records of ${recordBytes}`,
          `${needed} bytes: an event as large as the stream takes fails the monolith's write otherwise`,
          `SET GLOBAL max_allowed_packet = ${needed}, and the same in the server's configuration`,
        ),
      ];
};
