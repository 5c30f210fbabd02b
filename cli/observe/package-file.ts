import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The package's root, from the sources as from `dist/`. */
const root = new URL(import.meta.url.endsWith('.ts') ? '../../' : '../../../', import.meta.url);

/** A file that comes with the package, by its path in it. */
export function packageFile(path: string): string {
  return readFileSync(new URL(path, root), 'utf8');
}

/** The alerts that the handbook has a page for. */
export function handbookPages(): string[] {
  const folder = fileURLToPath(new URL('docs/handbook/', root));
  return readdirSync(folder)
    .filter((file) => file.startsWith('Banyan') && file.endsWith('.md'))
    .map((file) => file.slice(0, -'.md'.length));
}

/** The handbook's page for this alert, named with or without `Banyan`; undefined when there is none. */
export function handbookPage(alert: string): string | undefined {
  const name = handbookPages().find(
    (page) => page.toLowerCase().replace('banyan', '') === alert.toLowerCase().replace('banyan', ''),
  );
  if (name === undefined) return undefined;
  const path = `docs/handbook/${name}.md`;
  return existsSync(new URL(path, root)) ? packageFile(path) : undefined;
}
