import { ConfigError } from '../errors.js';

/** The keys whose values may need a package that an application has to install itself. */
type OptionalKey = 'database-url' | 'failed-attempts-store';

/**
 * Imports what an application has to install itself.
 * @param install the packages, as `npm i` takes them
 * @param key what asked for them
 * @throws ConfigError naming the install, when a package is missing
 */
export async function importOptional<T>(
  load: () => Promise<T>,
  install: string,
  key: OptionalKey = 'database-url',
): Promise<T> {
  try {
    return await load();
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') throw error;
    throw new ConfigError([`${key}: it needs a package that is not installed; run "npm i ${install}"`]);
  }
}
