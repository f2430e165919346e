import { statSync } from 'node:fs';
import { DEFAULT_ENV_FILE } from '../config/config-environment.js';
import { openModeFault } from '../config/secret-file.js';

/** Whether others than its owner can read a `.env` file, in which secrets are. */
export function envFileWarnings(path: string = DEFAULT_ENV_FILE): readonly string[] {
  const state = statSync(path, { throwIfNoEntry: false });
  const fault = state && openModeFault(state.mode);
  return fault === undefined ? [] : [`${path} ${fault}`];
}
