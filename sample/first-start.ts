import { generateCryptographyKey, hasKeyInEnv, writeKeyToEnv } from 'nestjs-fastauth';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The main file of the `fastauth` command. In an application of your own it is "npx fastauth". */
export const FASTAUTH = fileURLToPath(new URL('cli/main.js', import.meta.resolve('nestjs-fastauth')));

/** Where a sample keeps its keys. This file runs from sample/dist. */
export function envFileOf(sample: string): string {
  return fileURLToPath(new URL(`../${sample}/.env`, import.meta.url));
}

/** Makes the keys that neither the environment nor the sample's .env has yet. They are written there and not printed. */
export async function makeMissingKeys(
  path: string,
  names: readonly string[] = ['CRYPTOGRAPHY_KEY', 'MASTER_TOKEN'],
): Promise<void> {
  for (const name of names) {
    if (process.env[name] || (await hasKeyInEnv({ name, path }))) continue;
    await writeKeyToEnv({ name, key: generateCryptographyKey(), path });
    console.log(`Made a ${name} and wrote it to ${path} (readable by you alone).`);
  }
}

/** Where a sample keeps its key set, if it has one. */
export function keySetFileOf(sample: string): string {
  return (
    process.env['KEY_SET_FILE'] || fileURLToPath(new URL(`../${sample}/.fastauth/keys.json`, import.meta.url))
  );
}

/** Makes a key set with one EdDSA key pair, unless there is one. */
export function makeMissingKeySet(path: string): void {
  if (existsSync(path)) return;
  execFileSync(process.execPath, [FASTAUTH, 'keys', 'rotate', '--algorithm', 'EdDSA'], {
    env: { ...process.env, KEY_SET_FILE: path },
  });
  console.log(`Made a key pair and wrote it to ${path} (readable by you alone).`);
}

/** For lines to paste into a shell: the master token, read from where it is kept, so that it stays off the screen. */
export function masterTokenOf(path: string): string {
  return process.env['MASTER_TOKEN'] ? '$MASTER_TOKEN' : `$(sed -n 's/^MASTER_TOKEN=//p' '${path}')`;
}

/** For lines to paste: a token of the answer that an earlier line kept in `TOKENS`. */
export function tokenOf(name: 'access_token' | 'refresh_token'): string {
  return `$(node -p 'JSON.parse(process.argv[1]).data.${name}' "$TOKENS")`;
}
