import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { canonicalDatabaseUrl, databaseUrlFault } from '../config/database-url.js';
import type { FastauthConfig } from '../config/fastauth-config.js';
import { ConfigError } from '../errors.js';
import { copyStore, type StoreCopy } from '../sessions/copy-store.js';
import { everySession } from '../sessions/every-session.js';
import type { TokenStore } from '../sessions/token-store.js';
import { isMigrating } from '../stores/migrating-store.js';
import { createTokenStore } from '../stores/open-store.js';
import { readClientIds } from './client-ids-file.js';
import { CommandError, type CommandOutput, countOf, EXIT, print } from './command-output.js';
import { type ConfigOptions, readConfig, withConfigOptions } from './config-options.js';
import { ProgressBar } from './progress-bar.js';
import { storePlace } from './store-place.js';

interface CopyOptions extends ConfigOptions {
  readonly from: string;
  readonly to: string;
  readonly clients?: string;
}

/** Seconds that one call may take: nobody waits for an answer. */
const PATIENCE = 30;
const SHOWN_NAMES = 10;
const NAME_THEM = 'This store cannot list its clients; name them with --clients FILE.';

/** `fastauth store copy` */
export function copyCommand(): Command {
  return withConfigOptions(new Command('copy'))
    .description(
      'Copy sessions, and clients with credentials of their own, from one store to another. Nobody is logged out: tokens stay good where the application keeps its keys. It may be interrupted and run again. "app-name" and "headers" are those of the configuration. Exit status 1: something was left behind.',
    )
    .requiredOption('--from <url>', 'the store to copy from, as database-url has it')
    .requiredOption('--to <url>', 'the store to copy to; tables are made where it needs them')
    .option(
      '--clients <file>',
      'only these: a file with one client identifier a line. Needed where --from is a REST persistence API, which cannot list them',
    )
    .action(async (options: CopyOptions) => print(await copied(options), options.json ?? false));
}

async function copied(options: CopyOptions): Promise<CommandOutput> {
  const { config } = readConfig(options);
  const [from, to] = [urlOf('--from', options.from), urlOf('--to', options.to)];
  assertCopyable(from, to, options);
  const clientIds = options.clients === undefined ? undefined : readClientIds(options.clients);
  return withOpen('--from', from, config, (source) =>
    withOpen('--to', to, config, async (destination) => {
      const bar = new ProgressBar(
        clientIds ? 'clients' : 'sessions',
        `Copying ${storePlace(from).shown} to ${storePlace(to).shown}. It may be interrupted and run again.`,
      );
      const total = clientIds?.length ?? (await countSessions(source));
      bar.show(0, total);
      const copy = await copyStore({
        from: source,
        to: destination,
        clientIds,
        // Some may have come meanwhile.
        onProgress: (done) => bar.show(done, Math.max(done, total)),
      }).finally(() => bar.end());
      return outputOf(copy, config.appName);
    }),
  );
}

/** @throws CommandError that does not hold the URL, where a password may be */
function urlOf(option: string, url: string): string {
  const fault = databaseUrlFault(url);
  if (fault !== undefined) throw misuse(`${option} ${fault}.`);
  if (/^memory:/i.test(url)) {
    throw misuse(
      `${option}: a memory: store lives in the process of its application, and nothing else can use it.`,
    );
  }
  return canonicalDatabaseUrl(url);
}

function assertCopyable(from: string, to: string, { clients }: CopyOptions): void {
  if (storePlace(from).identity === storePlace(to).identity) {
    throw misuse('--from and --to are the same store.');
  }
  if (isRest(to) && !isRest(from)) {
    throw misuse(
      '--to: the REST persistence API keeps tokens in plain text, and other stores have digests alone; nothing can be copied to it.',
    );
  }
  if (isRest(from) && clients === undefined) {
    throw misuse(
      '--from: the REST persistence API cannot list its clients. Name them with --clients FILE, one client identifier a line, as its database has them.',
    );
  }
  if (from.startsWith('lmdb:') && !existsSync(join(from.slice('lmdb:'.length), 'data.mdb'))) {
    throw misuse(`--from: there is no store in ${from.slice('lmdb:'.length)}.`);
  }
}

async function withOpen<T>(
  option: '--from' | '--to',
  databaseUrl: string,
  config: FastauthConfig,
  action: (store: TokenStore) => Promise<T>,
): Promise<T> {
  const store = await createTokenStore({
    databaseUrl,
    headers: headersFor(option, databaseUrl, config),
    appName: config.appName,
    storeTimeout: Math.max(PATIENCE, config.storeTimeout),
    trackedCacheSize: 0,
  });
  try {
    // Who may not make tables may still use those that are there: opening tells.
    if (option === '--to' && isMigrating(store)) await store.migrate().catch(() => undefined);
    await store.open();
    await store.ping();
    return await action(store);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw misuse(error.faults.map((fault) => fault.replace(/^database-url/, option)).join('\n'));
  } finally {
    await store.close();
  }
}

/** Those of the configuration are for its own API, or the one that is left; they may hold a secret. */
function headersFor(option: string, url: string, config: FastauthConfig): FastauthConfig['headers'] {
  const isOwn = storePlace(config.databaseUrl).identity === storePlace(url).identity;
  return isOwn || (option === '--from' && !isRest(config.databaseUrl)) ? config.headers : {};
}

/** All that will be looked at: revoked and expired ones, too. */
async function countSessions(store: TokenStore): Promise<number> {
  let count = 0;
  for await (const _ of everySession(store, NAME_THEM)) count++;
  return count;
}

function outputOf(copy: StoreCopy, appName: string): CommandOutput {
  const { copied, present, expired, ended, clientsCopied, clientsChanged } = copy;
  const { unknownClients, unreadableClients } = copy;
  const told = (names: readonly string[], what: string): readonly string[] =>
    names.length === 0 ? [] : [`${countOf(names.length, 'client')} ${what}: ${shortList(names)}.`];
  return {
    lines: [
      `${countOf(copied, 'session')} of ${JSON.stringify(appName)} copied, ${present} there already, ${expired} expired and left behind.`,
      ...(ended === 0 ? [] : [`${countOf(ended, 'session')} ended, as in the old store since the last run.`]),
      ...(clientsCopied === 0 ? [] : [`${countOf(clientsCopied, 'client')} with credentials copied.`]),
      ...told(clientsChanged, 'changed in the new store and left as they are there'),
      ...told(unknownClients, 'unknown to the persistence API'),
      ...told(unreadableClients, 'left behind, since the persistence API has no usable record of them'),
    ],
    json: {
      app_name: appName,
      sessions: { copied, present, expired, ended },
      clients: { copied: clientsCopied, changed: clientsChanged },
      unknown_clients: unknownClients,
      unreadable_clients: unreadableClients,
    },
    exitCode: unreadableClients.length === 0 ? EXIT.done : EXIT.failed,
  };
}

function shortList(names: readonly string[]): string {
  const shown = names.slice(0, SHOWN_NAMES).map((name) => JSON.stringify(name));
  const more = names.length - shown.length;
  return `${shown.join(', ')}${more > 0 ? `, and ${more} more (--json names all)` : ''}`;
}

function isRest(url: string): boolean {
  return /^https?:/i.test(url);
}

function misuse(message: string): CommandError {
  return new CommandError(message, EXIT.misuse);
}
