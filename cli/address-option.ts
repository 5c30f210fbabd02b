import { InvalidArgumentError } from 'commander';
import { isAddress } from '../contexts/index.ts';

/** Reads an option's `host:port`; anything else is called wrongly, and the message names the option. */
export function address(text: string): string {
  if (isAddress(text)) return text;
  throw new InvalidArgumentError('Required: an address such as 127.0.0.1:8080, with a port from 0 to 65535.');
}
