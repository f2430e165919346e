import { createPrivateKey, createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { Command, Option } from 'commander';
import { SystemClock } from '../clock.js';
import { cryptographyKeyFault } from '../config/secret-faults.js';
import { parseStrictObject } from '../json.js';
import { ALGORITHM_NAMES, type AlgorithmName } from '../keys/algorithms.js';
import { importJwk, importPem } from '../keys/import-key.js';
import { withKey, withoutRetired, type KeySetEntry } from '../keys/key-set-document.js';
import { KEY_STATUSES, type KeyStatus } from '../keys/ring-key.js';
import { shortSecretWarnings } from '../keys/short-secret.js';
import { CommandError, EXIT, print, type CommandOutput } from './command-output.js';
import { type ConfigOptions, readConfig, withConfigOptions } from './config-options.js';
import { KeyRingView } from './key-ring-view.js';

interface ImportOptions extends ConfigOptions {
  readonly kid?: string;
  readonly algorithm?: AlgorithmName;
  readonly status: KeyStatus;
}

/** `fastauth keys import` */
export function keysImportCommand(): Command {
  return withConfigOptions(new Command('import'))
    .description('Add a key to the key set file: a JWK, a JWK Set, PEM, or the text of a secret.')
    .argument('<file>', 'where it is; - is standard input')
    .option('--kid <text>', 'its key identifier (default: its own, otherwise made from the key)')
    .addOption(
      new Option(
        '--algorithm <name>',
        "the one algorithm it is for (default: the JWK's own; HS256 for a text)",
      ).choices(ALGORITHM_NAMES),
    )
    .addOption(
      new Option('--status <status>', 'what it is in the ring').choices(KEY_STATUSES).default('verify-only'),
    )
    .action(async (file: string, options: ImportOptions) =>
      print(await imported(file, options), options.json ?? false),
    );
}

async function imported(path: string, options: ImportOptions): Promise<CommandOutput> {
  const now = new SystemClock().now() / 1000;
  const view = await KeyRingView.read(readConfig(options).config, now);
  const content = path === '-' ? await text(process.stdin) : await readFile(path, 'utf8');
  const jwks = jwksOf(content.trim(), options);
  if (jwks.length > 1 && options.kid !== undefined) {
    throw new CommandError('--kid goes with one key; there are several.', EXIT.misuse);
  }
  const warnings: string[] = [];
  const entries = jwks.map((jwk) => {
    const key = importJwk(jwk, {
      kid: options.kid,
      algorithm: options.algorithm,
      status: options.status,
    });
    const { kid, algorithm } = key;
    warnings.push(...shortSecretWarnings([{ key, source: path, signingFrom: undefined, isFallback: false }]));
    const since = options.status === 'signing' ? { signing_from: Math.floor(now) } : {};
    return { ...jwk, kid, alg: algorithm, status: options.status, ...since };
  });
  const { file } = view;
  await file.update((document) => {
    const known = new Set(document.keys.map(({ kid }) => kid));
    for (const { kid } of entries) {
      if (known.has(kid)) throw new CommandError(`${file.path} has a key ${kid} already.`, EXIT.kept);
    }
    return entries.reduce(withKey, withoutRetired(document, now));
  });
  const kids = entries.map(({ kid }) => kid);
  return {
    lines: [
      ...kids.map((kid) => `${kid} is in ${file.path} (${options.status}).`),
      ...warnings.map((warning) => `warning: ${warning}`),
    ],
    json: warnings.length === 0 ? { kids } : { kids, warnings },
  };
}

function jwksOf(content: string, { algorithm }: ImportOptions): readonly KeySetEntry[] {
  if (content.startsWith('{')) {
    const json = parseStrictObject(Buffer.from(content));
    if (!json) throw new CommandError('It is no JSON object, or has a name twice.', EXIT.misuse);
    return Array.isArray(json['keys']) ? (json['keys'] as KeySetEntry[]) : [json as KeySetEntry];
  }
  if (content.includes('-----BEGIN ')) return [jwkOfPem(content, algorithm)];
  const fault = cryptographyKeyFault(content);
  if (fault !== undefined) throw new CommandError(`The secret ${fault}`, EXIT.misuse);
  return [{ kty: 'oct', k: Buffer.from(content).toString('base64url'), alg: algorithm ?? 'HS256' }];
}

function jwkOfPem(pem: string, algorithm: AlgorithmName | undefined): KeySetEntry {
  if (algorithm === undefined) {
    throw new CommandError('A PEM key does not tell its algorithm; give it by --algorithm.', EXIT.misuse);
  }
  // Refuses what does not fit, in a sentence.
  importPem(pem, { algorithm, status: 'verify-only' });
  const key = /PRIVATE KEY-----/.test(pem) ? createPrivateKey(pem) : createPublicKey(pem);
  return { ...key.export({ format: 'jwk' }), alg: algorithm };
}
