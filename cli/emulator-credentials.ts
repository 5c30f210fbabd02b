import type { Credentials } from '../relay/index.ts';

/** An emulator asks for a signature and doesn't check it; with a real endpoint, AWS' own chain of credentials counts. */
export function emulatorCredentials(
  endpoint: string | undefined,
  env: NodeJS.ProcessEnv,
): Credentials | undefined {
  const given = [
    'AWS_ACCESS_KEY_ID',
    'AWS_PROFILE',
    'AWS_WEB_IDENTITY_TOKEN_FILE',
    'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
  ];
  if (!endpoint?.startsWith('http://') || given.some((name) => env[name])) return undefined;
  return { accessKeyId: 'emulator', secretAccessKey: 'emulator' };
}
