import { setTimeout as sleep } from 'node:timers/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import { SystemClock } from '../clock.js';
import type { FastauthConfig } from '../config/fastauth-config.js';
import { DEFAULT_NOTICE, rotateKeys, RotationUnderWayError } from '../config/rotate-keys.js';
import { ALGORITHM_NAMES, type AlgorithmName } from '../keys/algorithms.js';
import { sessionsOf } from '../sessions/key-sessions.js';
import { CommandError, EXIT, print, type CommandOutput } from './command-output.js';
import { type ConfigOptions, readConfig, withConfigOptions } from './config-options.js';
import { dateOf } from './date-text.js';
import { KeyRingView } from './key-ring-view.js';
import { retire } from './keys-retire.command.js';
import { ProgressBar } from './progress-bar.js';

/** Seconds that every process has to see what was written, at least. */
const LEAST_NOTICE = 5;
const LOOK_EVERY_MS = 1000;

interface RotateOptions extends ConfigOptions {
  readonly algorithm?: AlgorithmName;
  readonly after: number;
  readonly migrate?: true;
}

/** `fastauth keys rotate` */
export function keysRotateCommand(): Command {
  return withConfigOptions(new Command('rotate'))
    .description(
      'Make a new key in the key set file. Every process publishes and accepts it at once, and all sign with it from ' +
        'one moment on (--after); what the old key has signed stays good until it is retired.',
    )
    .addOption(
      new Option('--algorithm <name>', 'of the new key (default: that of the key that signs now)').choices(
        ALGORITHM_NAMES,
      ),
    )
    .option(
      '--after <seconds>',
      'how long it is known before it signs; others may keep a JWK Set for 60 seconds',
      noticeOf,
      DEFAULT_NOTICE,
    )
    .option(
      '--migrate',
      'stay until the old keys are retired. Stores keep digests, which no key is needed for, so nothing there is rewritten: ' +
        'sessions move when their clients refresh. May be interrupted at any time; run again, it goes on',
    )
    .action(async (options: RotateOptions) => print(await rotated(options), options.json ?? false));
}

async function rotated(options: RotateOptions): Promise<CommandOutput> {
  const { config } = readConfig(options);
  const clock = new SystemClock();
  const now = Math.floor(clock.now() / 1000);
  const view = await KeyRingView.read(config, now);
  const isUnderWay = options.migrate && (view.announced() !== undefined || oldKeys(view).length > 0);
  const output = isUnderWay ? undefined : await begin(view, options);
  return options.migrate ? migrated(config, clock, output) : (output as CommandOutput);
}

async function begin(view: KeyRingView, options: RotateOptions): Promise<CommandOutput> {
  const { file, keys, now } = view;
  const order = { file, keys, now, algorithm: options.algorithm, notice: options.after };
  const { kid, algorithm, signingFrom, previousKid } = await rotateKeys(order).catch(toldOfRotation);
  return {
    lines: [
      `${kid} (${algorithm}) is in ${file.path} and signs from ${dateOf(signingFrom)} on.`,
      ...(previousKid === undefined
        ? []
        : [
            `${previousKid} keeps verifying. Once its sessions have moved: fastauth keys retire ${previousKid}`,
          ]),
    ],
    json: { kid, algorithm, signing_from: signingFrom, previous_kid: previousKid },
  };
}

function toldOfRotation(error: unknown): never {
  if (!(error instanceof RotationUnderWayError)) throw error;
  throw new CommandError(
    `A rotation is under way: ${error.kid} signs from ${dateOf(error.signingFrom)} on. Wait for it.`,
  );
}

/** Keys of the ring that the signing one came after. */
function oldKeys(view: KeyRingView) {
  return view.keys.filter(
    (key) => key.use === 'sig' && key.status === 'verify-only' && key.verifyUntil === undefined,
  );
}

/** Follows the sessions until none needs an old key, and retires those. All it needs to know is in file and store. */
async function migrated(
  config: FastauthConfig,
  clock: SystemClock,
  begun: CommandOutput | undefined,
): Promise<CommandOutput> {
  const bar = new ProgressBar('sessions moved');
  const retired: string[] = [];
  for (;;) {
    const view = await KeyRingView.read(config, Math.floor(clock.now() / 1000));
    const old = oldKeys(view);
    if (!view.announced()) {
      if (old.length === 0) break;
      const uses = await view.sessions();
      if (!uses) {
        throw new CommandError(
          `This store cannot tell which sessions are left; retire ${old.map(({ kid }) => kid).join(', ')} by hand when the lifetime of tokens is over.`,
        );
      }
      const left = old.reduce((sum, key) => sum + sessionsOf(key, uses).sessions, 0);
      const all = uses.reduce((sum, { sessions }) => sum + sessions, 0);
      bar.show(all - left, all);
      for (const key of old) {
        if (sessionsOf(key, uses).sessions > 0) continue;
        if (await isRetired(key.kid, config)) retired.push(key.kid);
      }
    }
    await sleep(LOOK_EVERY_MS);
  }
  bar.end();
  return {
    lines: [
      ...(begun?.lines.slice(0, 1) ?? []),
      `Every session has moved. Retired: ${retired.join(', ') || 'none'}.`,
    ],
    json: { ...begun?.json, retired },
  };
}

async function isRetired(kid: string, config: FastauthConfig): Promise<boolean> {
  try {
    await retire({ kid, config });
    return true;
  } catch (error) {
    // Too early, or a session came back: looked at again.
    if (error instanceof CommandError && error.exitCode === EXIT.failed) return false;
    throw error;
  }
}

function noticeOf(value: string): number {
  const seconds = Number(value);
  if (!Number.isSafeInteger(seconds) || seconds < LEAST_NOTICE) {
    throw new InvalidArgumentError(`It is a whole number of seconds, at least ${LEAST_NOTICE}.`);
  }
  return seconds;
}
