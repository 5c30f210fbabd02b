import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import type { Written } from './history.ts';

/** What writers know of their transactions, in a file outside the database: written as soon as they know. */
export interface Journal {
  write(transaction: Written): void;
  read(): Written[];
  close(): void;
}

export function openJournal(file: string): Journal {
  const descriptor = openSync(file, 'a+');
  return {
    write: (transaction) => void writeSync(descriptor, `${JSON.stringify(transaction)}\n`),
    read: () =>
      readFileSync(file, 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Written),
    close: () => closeSync(descriptor),
  };
}
