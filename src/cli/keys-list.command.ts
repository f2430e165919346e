import { Command } from 'commander';
import { SystemClock } from '../clock.js';
import type { ListedKey } from '../keys/listed-key.js';
import { sessionsOf } from '../sessions/key-sessions.js';
import { countOf, print, type CommandOutput } from './command-output.js';
import { type ConfigOptions, readConfig, withConfigOptions } from './config-options.js';
import { dateOf } from './date-text.js';
import { KeyRingView } from './key-ring-view.js';

/** `fastauth keys list` */
export function keysListCommand(): Command {
  return withConfigOptions(new Command('list'))
    .description(
      'List the keys of the ring: what each is now, from when and until when, and how many live sessions need it. ' +
        "Those of a key provider are the application's alone.",
    )
    .action(async (options: ConfigOptions) => print(await listed(options), options.json ?? false));
}

async function listed(options: ConfigOptions): Promise<CommandOutput> {
  const view = await KeyRingView.read(readConfig(options).config, new SystemClock().now() / 1000);
  const uses = await view.sessions();
  const keys = view.keys.map((key) => ({
    ...described(key),
    // Sessions remember which key signed, not which one encrypted.
    ...(uses && key.use === 'sig' ? sessionsOf(key, uses) : {}),
  }));
  const cells = keys.map((key) => [
    key.kid,
    key.algorithm,
    key.status,
    'sessions' in key ? countOf(key.sessions, 'session') : 'sessions not known',
    ...(key.signing_from !== undefined && key.status === 'next'
      ? [`signs from ${dateOf(key.signing_from)}`]
      : []),
    ...(key.verify_until === undefined ? [] : [`until ${dateOf(key.verify_until)}`]),
    key.source,
  ]);
  const widths = [0, 1, 2].map((column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return {
    lines:
      keys.length === 0
        ? ['There is no key.']
        : cells.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')),
    json: { keys },
  };
}

function described({ kid, algorithm, use, status, signingFrom, verifyUntil, source }: ListedKey) {
  return { kid, algorithm, use, status, signing_from: signingFrom, verify_until: verifyUntil, source };
}
