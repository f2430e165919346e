import { SystemClock } from '../clock.js';
import type { FastauthConfig } from '../config/fastauth-config.js';
import { KeySources } from '../config/key-sources.js';
import { ConfigError } from '../errors.js';
import { shortSecretWarnings } from '../keys/short-secret.js';
import { formatFault } from '../tokens/codecs/token-codecs.js';
import { type Finding, Findings } from './finding.js';

/** Whether there are keys, and tokens can be made of them. */
export async function keyFindings(config: FastauthConfig): Promise<readonly Finding[]> {
  const findings = new Findings('keys');
  const sources = new KeySources(config);
  try {
    const ring = (await sources.load()).ringAt(new SystemClock().now() / 1000);
    if (sources.lacksFile) {
      findings.warning(
        `key-set-file ${config.keySetFile} is not there`,
        'The first "npx fastauth keys rotate" makes it.',
      );
    }
    for (const warning of shortSecretWarnings(sources.brought)) findings.warning(warning);
    const fault = ring && formatFault(ring, config.tokenFormat);
    if (ring === undefined) {
      findings.bad(
        'there is no key: no token can be issued or verified',
        'Run "npx fastauth keys generate".',
      );
    } else if (fault !== undefined) findings.bad(fault);
    else
      findings.good(
        `${ring.keys.length} in use; ${ring.signingKey.kid} (${ring.signingKey.algorithm}) signs`,
      );
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const fault of error.faults) findings.bad(fault, 'Mend the file, or restore it from a backup.');
  }
  return findings.all;
}
