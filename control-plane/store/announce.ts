import { openRedis } from '../../runtime/redis.ts';

/** What is announced: new stages, or what a gateway has in force. The content is read from the store. */
export type Announcement = 'stages' | 'confirmation';

/** Tells the other processes that there may be something new. Loses announcements while Redis is away. */
export interface Announcer {
  announce(what: Announcement): void;
  close(): Promise<void>;
}

const CHANNELS = { stages: 'banyan:stages', confirmation: 'banyan:confirmations' } as const;

/**
 * Redis as the bell: `heard` is called for every announcement of another process, and once for each kind after
 * a connection was lost, since something may have been missed. Without a URL nothing is heard or announced.
 */
export function openAnnouncer(url: string | undefined, heard: (what: Announcement) => void): Announcer {
  if (url === undefined) return { announce: () => {}, close: async () => {} };
  const publisher = openRedis(url);
  const subscriber = openRedis(url);
  subscriber.on('ready', () => {
    subscriber.subscribe(...Object.values(CHANNELS)).then(
      () => {
        heard('stages');
        heard('confirmation');
      },
      () => {},
    );
  });
  subscriber.on('message', (channel: string) => {
    heard(channel === CHANNELS.stages ? 'stages' : 'confirmation');
  });
  return {
    announce(what) {
      // Not waited for: the change is committed already, and whoever misses this polls.
      if (publisher.status === 'ready') publisher.publish(CHANNELS[what], '').catch(() => {});
    },
    async close() {
      publisher.disconnect();
      subscriber.disconnect();
    },
  };
}
