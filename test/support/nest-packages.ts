import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

/** Where the packages of Nest are that this run is about: jest.nest-11.config.js names another folder. */
const NEST_MODULES = process.env['FASTAUTH_TEST_NEST_MODULES'];

/** The folder of a package for processes of their own. What is installed beside Nest comes first. */
export function packageFolder(name: string): string {
  const beside = NEST_MODULES === undefined ? undefined : resolve(NEST_MODULES, name);
  if (beside !== undefined && existsSync(beside)) return beside;
  return name === 'nestjs-fastauth' ? resolve('.') : resolve('node_modules', name);
}

/** Below the packages, so that what is written there finds them. */
export function cacheFolder(): string {
  return resolve(NEST_MODULES ?? 'node_modules', '.cache/fastauth-tests');
}
