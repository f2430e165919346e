import type { FastauthConfig } from '../../src/config/fastauth-config.js';
import { loadFastauthConfig } from '../../src/config/load-config.js';

/** The defaults, with some values of the test's own. */
export function testConfig(overrides: Partial<FastauthConfig> = {}): FastauthConfig {
  const { config } = loadFastauthConfig({ configFile: false, envFile: false }, { env: {}, cwd: '.' });
  return Object.freeze({ ...config, ...overrides });
}
