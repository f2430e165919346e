import { getDefaultParser } from '@nestjs/config';
import { Command } from 'commander';
import { SystemClock } from '../clock.js';
import type { FastauthConfig } from '../config/fastauth-config.js';
import { loadFastauthConfig } from '../config/load-config.js';
import { originOf } from '../config/fastauth-config.js';
import { timeOf } from '../config/time-setting.js';
import { ConfigError } from '../errors.js';
import { type CommandOutput, countOf, EXIT, print } from './command-output.js';
import { type ConfigOptions, configSources, withConfigOptions } from './config-options.js';
import { fileFindings } from './doctor-files.js';
import { keyFindings } from './doctor-keys.js';
import { storeFindings } from './doctor-store.js';
import { versionFindings } from './doctor-versions.js';
import { type Finding, Findings } from './finding.js';
import { packageManifest } from './package-version.js';
import { isProduction } from '../config/production.js';

/** `fastauth doctor` */
export function doctorCommand(): Command {
  return withConfigOptions(new Command('doctor'))
    .description(
      'Look at versions, configuration, keys, files and store, and say what to mend. Exit status 1: something has to be mended. No secret is shown.',
    )
    .action(async (options: ConfigOptions) => print(await examined(options), options.json ?? false));
}

async function examined(options: ConfigOptions): Promise<CommandOutput> {
  const { config, findings: configuration } = configFindings(options);
  const findings = [
    ...versionFindings(packageManifest(), process.cwd()),
    ...fileFindings(options, config),
    ...configuration,
    ...(config
      ? [
          ...(await keyFindings(config)),
          ...(await storeFindings(config)),
          ...enforcementFindings(config),
          ...proxyFindings(config),
        ]
      : []),
  ];
  const bad = findings.filter(({ status }) => status === 'bad').length;
  return {
    lines: [
      ...findings.flatMap(linesOf),
      bad === 0 ? 'Nothing has to be mended.' : `${countOf(bad, 'thing')} to mend.`,
    ],
    json: { status: bad === 0 ? 'good' : 'bad', findings },
    exitCode: bad === 0 ? EXIT.done : EXIT.failed,
  };
}

function configFindings(options: ConfigOptions): {
  readonly config?: FastauthConfig;
  readonly findings: readonly Finding[];
} {
  const findings = new Findings('configuration');
  try {
    const { config, warnings } = loadFastauthConfig(configSources(options), { parseEnv: getDefaultParser() });
    if (Object.keys(config).some((name) => originOf(config, name) !== undefined))
      findings.good('it can be read');
    else
      findings.bad(
        'nothing is configured',
        'Run "npx fastauth init", or change to the folder of the application.',
      );
    for (const warning of warnings) findings.warning(warning);
    if (!isProduction()) for (const fault of productionFaults(options)) findings.warning(fault);
    return { config, findings: findings.all };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const fault of error.faults) findings.bad(fault);
    return { findings: findings.all };
  }
}

/** What would be refused in production alone. */
function productionFaults(options: ConfigOptions): readonly string[] {
  try {
    loadFastauthConfig(configSources(options), {
      env: { ...process.env, NODE_ENV: 'production' },
      parseEnv: getDefaultParser(),
    });
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}

function enforcementFindings({ enforcement, observeUntil }: FastauthConfig): readonly Finding[] {
  const findings = new Findings('enforcement');
  if (enforcement !== 'observe') return findings.all;
  const remedy = 'Take enforcement and observe-until out of the configuration';
  if (new SystemClock().now() < (timeOf(observeUntil) ?? 0) * 1000) {
    findings.warning(
      `access is only observed until ${observeUntil ?? ''}: calls without a token pass`,
      `${remedy} once nothing is reported as access.would_deny.`,
    );
  } else findings.note(`access is enforced, since ${observeUntil ?? ''} has passed`, `${remedy}.`);
  return findings.all;
}

function proxyFindings({ trustedProxies }: FastauthConfig): readonly Finding[] {
  const findings = new Findings('proxies');
  if (trustedProxies.length > 0) findings.good(`X-Forwarded-For is believed of ${trustedProxies.join(', ')}`);
  else {
    findings.note(
      'none is trusted: behind one, all clients count as one address',
      'Behind a proxy, name it in trusted-proxies.',
    );
  }
  return findings.all;
}

/** Of the longest subject. */
const WIDTH = 'configuration'.length;

function linesOf({ status, subject, message, remedy }: Finding): readonly string[] {
  const line = `${status.padEnd('warning'.length)}  ${subject.padEnd(WIDTH)}  ${message}`;
  const indent = ' '.repeat('warning'.length + 2 + WIDTH + 2);
  return remedy === undefined ? [line] : [line, `${indent}→ ${remedy}`];
}
