import { generateCryptographyKey, hasKeyInEnv, writeKeyToEnv } from 'nestjs-fastauth';
import { ENV_FILE } from './settings.js';

/** Makes the keys that neither the environment nor the sample's .env has yet. They are written there and not printed. */
export async function makeMissingKeys(): Promise<void> {
  for (const name of ['CRYPTOGRAPHY_KEY', 'MASTER_TOKEN']) {
    if (process.env[name] || (await hasKeyInEnv({ name, path: ENV_FILE }))) continue;
    await writeKeyToEnv({ name, key: generateCryptographyKey(), path: ENV_FILE });
    console.log(`Made a ${name} and wrote it to ${ENV_FILE} (readable by you alone).`);
  }
}

/** Three lines to paste into a shell. They read the master token from where it is kept, so that it stays off the screen. */
export function curlLines(url: string): string[] {
  const masterToken = process.env['MASTER_TOKEN']
    ? '$MASTER_TOKEN'
    : `$(sed -n 's/^MASTER_TOKEN=//p' '${ENV_FILE}')`;
  const pick = (name: string): string => `$(node -p 'JSON.parse(process.argv[1]).data.${name}' "$TOKENS")`;
  return [
    `TOKENS=$(curl -s -X POST '${url}/auth/token/new' -H "MASTER-TOKEN: ${masterToken}") && echo "$TOKENS"`,
    `curl -s '${url}/whoami' -H "ACCESS-TOKEN: ${pick('access_token')}"`,
    `curl -s -X POST '${url}/auth/token/refresh' -d "refresh_token=${pick('refresh_token')}"`,
  ];
}
