import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Parser } from '@nestjs/config';
import { FileFault, readBoundedFileSync, readingFault } from '../files/bounded-file.js';
import { type ConfigSource, type GivenValue, faultySource } from './config-source.js';
import { editDistance } from './edit-distance.js';
import { lettersOf } from './name-case.js';
import type { SettingName } from './settings.js';

/** What is read from the environment and from `.env`, and into which key. */
const VARIABLES: Readonly<Record<string, SettingName>> = {
  CRYPTOGRAPHY_KEY: 'cryptographyKey',
  CRYPTOGRAPHY_KEYS: 'cryptographyKeys',
  KEY_SET_FILE: 'keySetFile',
  MASTER_TOKEN: 'masterToken',
  MASTER_TOKENS: 'masterTokens',
  DATABASE_API_URL: 'databaseApiUrl',
  // Not DATABASE_URL, which is the application's own.
  FASTAUTH_DATABASE_URL: 'databaseUrl',
};

/** Variables that hold JSON. */
const JSON_SETTINGS: ReadonlySet<SettingName> = new Set(['masterTokens', 'cryptographyKeys']);
/** Variables whose texts may be anything, quotes included: a key with its quotes is another key. */
const FREE_TEXTS: ReadonlySet<SettingName> = new Set(['masterToken', 'cryptographyKey']);

/** By how many letters a variable of `.env` may differ from one of ours to be taken for it. */
const MISSPELT_LETTERS = 2;

/** Name of the file of environment variables in the working directory. */
export const DEFAULT_ENV_FILE = '.env';

/** Our variables of the process environment. */
export function readEnvironment(env: NodeJS.ProcessEnv): ConfigSource {
  return sourceOfVariables('process environment', env);
}

/** What reads the `.env` file, if there is one: applications without it do not wait for the package when they start. */
export async function loadEnvParser(
  path: unknown = DEFAULT_ENV_FILE,
  cwd = process.cwd(),
): Promise<Parser | undefined> {
  // What is no path is refused where the file is read.
  if (typeof path !== 'string' || !existsSync(resolve(cwd, path))) return undefined;
  const { getDefaultParser } = await import('@nestjs/config');
  return getDefaultParser();
}

/**
 * Our variables of a `.env` file, which may be absent. Nothing is written to the process environment.
 * @param parse undefined: there was no file
 */
export function readEnvFile(
  path: string | false | undefined,
  cwd: string,
  parse: Parser | undefined,
): ConfigSource {
  const name = path === false ? 'no .env file' : (path ?? DEFAULT_ENV_FILE);
  if (path === false) return sourceOfVariables(name, {});
  try {
    const bytes = readBoundedFileSync(resolve(cwd, name));
    if (!parse) throw new FileFault('was written while the configuration was read; start again');
    const variables = parse(bytes) as Readonly<Record<string, string>>;
    const source = sourceOfVariables(name, variables);
    return {
      ...source,
      warnings: [...(source.warnings ?? []), ...misspeltVariables(name, Object.keys(variables))],
    };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? sourceOfVariables(name, {}) : faultySource(name, readingFault(error));
  }
}

/** What of a `.env` file is likely meant for us, and is not read. The process environment has too much of others. */
function misspeltVariables(name: string, variables: readonly string[]): readonly string[] {
  return variables.flatMap((variable) => {
    if (Object.hasOwn(VARIABLES, variable)) return [];
    const nearest = nearestVariable(variable);
    return nearest === undefined
      ? []
      : [`${variable} (${name}) is no variable of fastauth and is not read; did you mean ${nearest}?`];
  });
}

/** `FASTAUTH_MASTER_TOKEN` means the variable at its end, since one of ours begins so. */
function nearestVariable(variable: string): string | undefined {
  const written = lettersOf(variable);
  return Object.keys(VARIABLES).find((known) => {
    const letters = lettersOf(known);
    return written === `fastauth${letters}` || editDistance(written, letters) <= MISSPELT_LETTERS;
  });
}

function sourceOfVariables(
  name: string,
  variables: Readonly<Record<string, string | undefined>>,
): ConfigSource {
  const values = new Map<SettingName, GivenValue>();
  const faults: string[] = [];
  const warnings: string[] = [];
  for (const [variable, setting] of Object.entries(VARIABLES)) {
    const given = variables[variable];
    if (given === undefined || given === '') continue;
    const unquoted = withoutQuotes(given);
    if (unquoted !== given && FREE_TEXTS.has(setting)) {
      warnings.push(
        `${variable} (${name}) is in quotes, which are taken as part of it; if whoever set it means them as quotes ` +
          '("docker run --env-file" keeps them), leave them out',
      );
    }
    const value = FREE_TEXTS.has(setting) ? given : unquoted;
    if (value === '') continue;
    const content = JSON_SETTINGS.has(setting) ? parsed(value) : value;
    if (content === undefined) faults.push(`${name}: ${variable} is not JSON`);
    else values.set(setting, { value: content, spelling: variable });
  }
  return { name, values, faults, warnings };
}

/** Shells and dotenv take quotes off, `docker run --env-file` and some service managers leave them. */
function withoutQuotes(value: string): string {
  return /^(["'`])(.*)\1$/s.exec(value)?.[2] ?? value;
}

/** Its parser's own message quotes the text, in which there may be a secret. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
