import { type Stats, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { DEFAULT_ENV_FILE } from '../config/config-environment.js';
import { DEFAULT_CONFIG_FILE } from '../config/config-file.js';
import { type FastauthConfig, originOf } from '../config/fastauth-config.js';
import { openModeFault } from '../config/secret-file.js';
import type { ConfigOptions } from './config-options.js';
import { type Finding, Findings } from './finding.js';

const SECRETS = ['masterToken', 'masterTokens', 'cryptographyKey', 'cryptographyKeys', 'headers'];

/** Which files were looked for and found, and who may read them. */
export function fileFindings(options: ConfigOptions, config: FastauthConfig | undefined): readonly Finding[] {
  const findings = new Findings('files');
  const { config: configFile = DEFAULT_CONFIG_FILE, dotenv = DEFAULT_ENV_FILE } = options;
  const holdsSecrets = config !== undefined && isSecret(config, configFile);
  lookAt(findings, configFile, holdsSecrets);
  lookAt(findings, dotenv, true);
  if (config !== undefined && config.keySetFile !== undefined) lookAt(findings, config.keySetFile, true);
  return findings.all;
}

function lookAt(findings: Findings, path: string, holdsSecrets: boolean): void {
  const place = resolve(path);
  const state = stateOf(place);
  if (state === undefined) return findings.note(`${place} is not there`);
  const fault = holdsSecrets ? openModeFault(state.mode) : undefined;
  if (fault === undefined) findings.good(`${place} was found`);
  else findings.bad(`${place} ${fault.split(';')[0]}, and holds secrets`, `Run "chmod 600 ${place}".`);
}

function stateOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function isSecret(config: FastauthConfig, file: string): boolean {
  const isFrom = (name: string): boolean => originOf(config, name)?.includes(file) ?? false;
  return SECRETS.some(isFrom) || (isFrom('databaseUrl') && hasPassword(config.databaseUrl));
}

function hasPassword(url: string): boolean {
  return URL.canParse(url) && new URL(url).password !== '';
}
