import { InvalidArgumentError } from 'commander';

/** Reads an option's ops ports, by commas; may be repeated. */
export function opsAddresses(text: string, before: readonly string[] = []): string[] {
  const found = text.split(',').map((address) =>
    address
      .trim()
      .replace(/^http:\/\//, '')
      .replace(/\/$/, ''),
  );
  for (const address of found) {
    if (!/^[^\s/]+:\d{1,5}$/.test(address))
      throw new InvalidArgumentError('Required: addresses such as 127.0.0.1:9101, with commas between.');
  }
  return [...before, ...found];
}
