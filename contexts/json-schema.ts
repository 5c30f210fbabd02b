import { z } from 'zod';
import { configSchema } from './config.ts';

/** A reference that is filled in later, anywhere in a text; editors must not call it a mistake. */
const REFERENCE = String.raw`\$\{[^}]+\}`;

/**
 * The JSON Schema (2020-12) of `banyan.yaml` as it is written, for editors: they complete names and mark what is of the
 * wrong kind. Less strict than the check itself, which also knows what no single field shows.
 */
export function configJsonSchema(): object {
  return {
    title: 'banyan.yaml',
    ...z.toJSONSchema(configSchema, {
      io: 'input',
      unrepresentable: 'any',
      override({ jsonSchema }) {
        if (jsonSchema.type !== 'string') return;
        if (jsonSchema.pattern) jsonSchema.pattern = `${jsonSchema.pattern}|${REFERENCE}`;
        delete jsonSchema.minLength;
      },
    }),
  };
}
