import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { getDefaultParser } from '@nestjs/config';
import { type ConfigSource, type GivenValue, faultySource } from './config-source.js';
import { isOurDatabaseUrl } from './database-url.js';
import type { SettingName } from './settings.js';

/** What is read from the environment and from `.env`, and into which key. */
const VARIABLES: Readonly<Record<string, SettingName>> = {
  CRYPTOGRAPHY_KEY: 'cryptographyKey',
  CRYPTOGRAPHY_KEYS: 'cryptographyKeys',
  KEY_SET_FILE: 'keySetFile',
  MASTER_TOKEN: 'masterToken',
  MASTER_TOKENS: 'masterTokens',
  DATABASE_API_URL: 'databaseApiUrl',
  DATABASE_URL: 'databaseUrl',
};

/** Variables that hold JSON. */
const JSON_SETTINGS: ReadonlySet<SettingName> = new Set(['masterTokens', 'cryptographyKeys']);

/** Name of the file of environment variables in the working directory. */
export const DEFAULT_ENV_FILE = '.env';

/** Our variables of the process environment. */
export function readEnvironment(env: NodeJS.ProcessEnv): ConfigSource {
  return sourceOfVariables('process environment', env);
}

/** Our variables of a `.env` file, which may be absent. Nothing is written to the process environment. */
export function readEnvFile(path: string | false | undefined, cwd: string): ConfigSource {
  const name = path === false ? 'no .env file' : (path ?? DEFAULT_ENV_FILE);
  if (path === false) return sourceOfVariables(name, {});
  try {
    return sourceOfVariables(name, getDefaultParser()(readFileSync(resolve(cwd, name))));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? sourceOfVariables(name, {}) : faultySource(name, `cannot be read (${code})`);
  }
}

function sourceOfVariables(
  name: string,
  variables: Readonly<Record<string, string | undefined>>,
): ConfigSource {
  const values = new Map<SettingName, GivenValue>();
  const faults: string[] = [];
  for (const [variable, setting] of Object.entries(VARIABLES)) {
    const value = variables[variable];
    if (value === undefined || value === '') continue;
    // Many applications have a DATABASE_URL of their own.
    if (variable === 'DATABASE_URL' && !isOurDatabaseUrl(value)) continue;
    const content = JSON_SETTINGS.has(setting) ? parsed(value) : value;
    if (content === undefined) faults.push(`${name}: ${variable} is not JSON`);
    else values.set(setting, { value: content, spelling: variable });
  }
  return { name, values, faults };
}

/** Its parser's own message quotes the text, in which there may be a secret. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
