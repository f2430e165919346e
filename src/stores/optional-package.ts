import { ConfigError } from '../errors.js';

/**
 * Imports what an application has to install itself.
 * @param install the packages, as `npm i` takes them
 * @throws ConfigError naming the install, when a package is missing
 */
export async function importOptional<T>(load: () => Promise<T>, install: string): Promise<T> {
  try {
    return await load();
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') throw error;
    throw new ConfigError([
      `database-url: its store needs a package that is not installed; run "npm i ${install}"`,
    ]);
  }
}
