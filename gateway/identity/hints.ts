import { openRedis } from '../../runtime/redis.ts';

/** Tells the other gateways of sessions that have changed. Loses what it is told while Redis is away. */
export interface SessionHints {
  tell(session: string): void;
  close(): void;
}

const CHANNEL = 'banyan:sessions';
/** A digest of a session's credentials (credentials.ts): nobody can log in with it. */
const SESSION = /^[\w-]{43}$/;

/**
 * Redis as the bell: `heard` is called with what other gateways tell. Without a URL nobody hears anything, and
 * others see a log-out when what they know gets old.
 */
export function openSessionHints(url: string | undefined, heard: (session: string) => void): SessionHints {
  if (url === undefined) return { tell: () => {}, close: () => {} };
  const publisher = openRedis(url);
  const subscriber = openRedis(url);
  subscriber.on('ready', () => subscriber.subscribe(CHANNEL).catch(() => {}));
  subscriber.on('message', (_channel: string, session: string) => {
    if (SESSION.test(session)) heard(session);
  });
  return {
    tell(session) {
      if (publisher.status === 'ready') publisher.publish(CHANNEL, session).catch(() => {});
    },
    close() {
      publisher.disconnect();
      subscriber.disconnect();
    },
  };
}
