import { defineConfig } from 'prisma/config';

// `prisma generate` needs no schema engine, but looks for its file; any existing file satisfies it,
// so that generating works where the engine can't be downloaded.
process.env['PRISMA_SCHEMA_ENGINE_BINARY'] ??= process.execPath;

export default defineConfig({ schema: 'prisma/schema.prisma' });
