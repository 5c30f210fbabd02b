import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import chromium, { inflate } from '@sparticuz/chromium';
import { chromium as playwright, type Browser } from 'playwright-core';

export interface TestBrowser {
  readonly browser: Browser;
  /** Ends it, and deletes what was unpacked. */
  close(): Promise<void>;
}

/**
 * A real browser without a screen: the one that BANYAN_TEST_BROWSER names, else Chromium for Linux from npm, unpacked
 * into a temporary folder. On a machine that lacks its libraries it runs with those that came with it.
 */
export async function launchBrowser(): Promise<TestBrowser> {
  const named = process.env['BANYAN_TEST_BROWSER'];
  if (named !== undefined) {
    const browser = await launch(named);
    return { browser, close: () => browser.close() };
  }
  const folder = await mkdtemp(join(tmpdir(), 'banyan-browser-'));
  const executable = await within(folder, () => chromium.executablePath());
  const browser = await launch(executable).catch(async (error: Error) => {
    if (!error.message.includes('error while loading shared libraries')) throw error;
    const packed = join(dirname(fileURLToPath(import.meta.resolve('@sparticuz/chromium'))), '../bin');
    const libraries = await within(folder, () => inflate(join(packed, 'al2023.tar.br')));
    // Its own list of fonts looks into /tmp alone.
    const fonts = join(folder, 'fonts.conf');
    await writeFile(
      fonts,
      `<fontconfig><dir>${folder}/fonts</dir><cachedir>${folder}/fonts-cache</cachedir></fontconfig>`,
    );
    return launch(executable, { LD_LIBRARY_PATH: join(libraries, 'lib'), FONTCONFIG_FILE: fonts });
  });
  return {
    browser,
    async close() {
      await browser.close();
      await rm(folder, { recursive: true });
    },
  };
}

function launch(executablePath: string, env: Record<string, string> = {}): Promise<Browser> {
  return playwright.launch({
    executablePath,
    args: ['--no-sandbox'],
    headless: true,
    env: { ...process.env, ...env },
  });
}

/** The package unpacks into the folder for temporary files, whatever that is at the time. */
async function within<T>(folder: string, unpack: () => Promise<T>): Promise<T> {
  const before = process.env['TMPDIR'];
  process.env['TMPDIR'] = folder;
  try {
    return await unpack();
  } finally {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
  }
}
