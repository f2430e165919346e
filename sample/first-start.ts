import { generateCryptographyKey, hasKeyInEnv, writeKeyToEnv } from 'nestjs-fastauth';
import { fileURLToPath } from 'node:url';

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

/** For lines to paste into a shell: the master token, read from where it is kept, so that it stays off the screen. */
export function masterTokenOf(path: string): string {
  return process.env['MASTER_TOKEN'] ? '$MASTER_TOKEN' : `$(sed -n 's/^MASTER_TOKEN=//p' '${path}')`;
}

/** For lines to paste: a token of the answer that an earlier line kept in `TOKENS`. */
export function tokenOf(name: 'access_token' | 'refresh_token'): string {
  return `$(node -p 'JSON.parse(process.argv[1]).data.${name}' "$TOKENS")`;
}
