import { appendFile, open, readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { DEFAULT_CONFIG_FILE } from '../config/config-file.js';
import { SETTINGS } from '../config/settings.js';
import { writeKeyToEnv } from '../files/env-file.js';
import { generateCryptographyKey } from '../keys/cryptography-key.js';
import { print, type CommandOutput } from './command-output.js';
import { envFileWarnings } from './env-file-warnings.js';

const ENV_FILE = '.env';
const IGNORE_FILE = '.gitignore';
const IGNORED = [ENV_FILE, '.fastauth/'];
const FILE_MODE = 0o644;
const VARIABLES = ['CRYPTOGRAPHY_KEY', 'MASTER_TOKEN'];

const PACKAGE_FILE = 'package.json';

function firstConfig(appName: string): object {
  return {
    $schema: './node_modules/nestjs-fastauth/dist/fastauth.schema.json',
    'app-name': appName,
    'master-token-paths': [],
    'access-token-paths': [],
  };
}

/** `fastauth init` */
export function initCommand(): Command {
  return new Command('init')
    .description(
      `Set up the working directory: ${DEFAULT_CONFIG_FILE}, keys in ${ENV_FILE}, lines in ${IGNORE_FILE}. What is there is kept.`,
    )
    .option('--json', 'answer as JSON')
    .action(async ({ json = false }: { json?: boolean }) => print(await initialize(), json));
}

async function initialize(): Promise<CommandOutput> {
  const done: Record<string, 'made' | 'kept'> = {};
  done[DEFAULT_CONFIG_FILE] = madeOrKept(
    await createFile(DEFAULT_CONFIG_FILE, firstConfig(await nameOfPackage())),
  );
  for (const name of VARIABLES) {
    const key = generateCryptographyKey();
    done[`${name} in ${ENV_FILE}`] = madeOrKept(
      await writeKeyToEnv({ name, key, path: ENV_FILE, replace: false }),
    );
  }
  const warnings = envFileWarnings(ENV_FILE);
  const ignored = await addLines(IGNORE_FILE, IGNORED);
  for (const line of IGNORED) done[`${line} in ${IGNORE_FILE}`] = madeOrKept(ignored.includes(line));
  return {
    lines: [
      ...Object.entries(done).map(([what, result]) => `${what}: ${result}`),
      ...warnings.map((warning) => `warning: ${warning}`),
      'Next: import FastauthModule.forRoot() in your root module.',
    ],
    json: warnings.length === 0 ? done : { ...done, warnings },
  };
}

/** The application's own name, so that two that share a Redis or a database do not share their sessions. */
async function nameOfPackage(): Promise<string> {
  const fallback = 'fastauth';
  try {
    const { name } = JSON.parse(await readFile(PACKAGE_FILE, 'utf8')) as { name?: unknown };
    return typeof name === 'string' && SETTINGS.appName.safeParse(name).success && name !== ''
      ? name
      : fallback;
  } catch {
    return fallback;
  }
}

function madeOrKept(made: boolean): 'made' | 'kept' {
  return made ? 'made' : 'kept';
}

async function createFile(path: string, content: object): Promise<boolean> {
  try {
    await writeWithMode(path, `${JSON.stringify(content, undefined, 2)}\n`, 'wx');
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** A file without secrets, which the application may read as another user, whatever the umask of this one. */
async function writeWithMode(path: string, text: string, flag: 'wx'): Promise<void> {
  const file = await open(path, flag, FILE_MODE);
  try {
    await file.chmod(FILE_MODE);
    await file.writeFile(text);
  } finally {
    await file.close();
  }
}

/** Adds the lines that the file does not have yet. @returns those */
async function addLines(path: string, lines: readonly string[]): Promise<readonly string[]> {
  const found = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  const isThere = found !== undefined;
  const text = found ?? '';
  const present = new Set(text.split(/\r?\n/).map((line) => line.trim()));
  const missing = lines.filter((line) => !present.has(line) && !present.has(`/${line}`));
  if (missing.length > 0) {
    const separator = text === '' || text.endsWith('\n') ? '' : '\n';
    const added = `${separator}${missing.join('\n')}\n`;
    if (isThere) await appendFile(path, added);
    else await writeWithMode(path, added, 'wx');
  }
  return missing;
}
