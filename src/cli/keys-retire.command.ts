import { Command } from 'commander';
import type { FastauthConfig } from '../config/fastauth-config.js';
import { withoutRetired, withRetired } from '../keys/key-set-document.js';
import type { KeyRing } from '../keys/key-ring.js';
import { ActiveKeyRing } from '../keys/active-key-ring.js';
import { OpaqueCodec } from '../tokens/codecs/opaque.codec.js';
import { SystemClock } from '../clock.js';
import type { ListedKey } from '../keys/listed-key.js';
import { sessionsOf } from '../sessions/key-sessions.js';
import { CommandError, EXIT, print, type CommandOutput } from './command-output.js';
import { type ConfigOptions, readConfig, withConfigOptions } from './config-options.js';
import { dateOf } from './date-text.js';
import { KeyRingView } from './key-ring-view.js';

/** Seconds after which what was being signed at the moment of a rotation is in the store. */
const SETTLED_AFTER = 5;

interface RetireOptions extends ConfigOptions {
  readonly now?: true;
  readonly force?: true;
}

/** `fastauth keys retire` */
export function keysRetireCommand(): Command {
  return withConfigOptions(new Command('retire'))
    .description(
      'Stop accepting a key, wherever it is configured. Refused (exit status 1) while live sessions need it. It ends after ' +
        'refresh-grace seconds, so that answers that are being repeated still hold; every process has seen it within 5 seconds.',
    )
    .argument('<kid>', 'which key, as "fastauth keys list" names it; after -- if it begins with a dash')
    .option('--now', 'end it at once: it is refused everywhere within 5 seconds')
    .option('--force', 'end it also where sessions need it: their clients have to be issued new tokens')
    .action(async (kid: string, options: RetireOptions) =>
      print(
        await retire({
          kid,
          config: readConfig(options).config,
          isNow: options.now,
          isForced: options.force,
        }),
        options.json ?? false,
      ),
    );
}

/** What to retire, and how. */
export interface Retirement {
  readonly kid: string;
  readonly config: FastauthConfig;
  readonly isNow?: boolean | undefined;
  readonly isForced?: boolean | undefined;
}

/** @throws CommandError it signs, is not there, or is still needed */
export async function retire({
  kid,
  config,
  isNow = false,
  isForced = false,
}: Retirement): Promise<CommandOutput> {
  const now = Math.floor(new SystemClock().now() / 1000);
  const view = await KeyRingView.read(config, now);
  const key = view.keys.find((candidate) => candidate.kid === kid);
  if (!key) throw new CommandError(`There is no key ${JSON.stringify(kid)} in the ring.`, EXIT.misuse);
  if (key.status === 'signing') {
    throw new CommandError(`${kid} signs. Make another key first: fastauth keys rotate`, EXIT.misuse);
  }
  if (!isForced) await assertNotNeeded(key, view);
  const at = isNow ? now : now + config.refreshGrace;
  await view.file.update((document) => withRetired(withoutRetired(document, now), kid, at));
  return {
    lines: [
      `${kid} is refused from ${dateOf(at)} on.`,
      ...(key.source === view.file.path ? [] : [`It can be taken out of ${key.source} then.`]),
    ],
    json: { kid, refused_from: at },
  };
}

async function assertNotNeeded(key: ListedKey, view: KeyRingView): Promise<void> {
  if (key.status === 'next') return;
  const { config, now } = view;
  assertMakesNoTokens(key, view);
  // A secret's own encryption key is followed by one that is written down.
  const hasEncrypted = key.use === 'enc' || (config.tokenFormat === 'jwe' && isSecret(key));
  const successor = (hasEncrypted ? view.signing('enc') : undefined) ?? view.signing();
  const switchedAt = successor?.signingFrom ?? 0;
  if (now < switchedAt + SETTLED_AFTER) {
    throw new CommandError(
      `${key.kid} has signed until a moment ago; try again in ${SETTLED_AFTER} seconds.`,
    );
  }
  // Sessions remember which key signed, not which one encrypted.
  const uses = successor?.use === 'enc' ? undefined : await view.sessions();
  if (!uses) return assertOutlived(key, switchedAt, now, config);
  const { sessions, until } = sessionsOf(key, uses);
  if (until === undefined) return;
  throw new CommandError(
    `${sessions} live ${sessions === 1 ? 'session needs' : 'sessions need'} ${key.kid} until ${dateOf(until)}, ` +
      'unless their clients refresh before. Try again later, or use --force: those clients then need new tokens.',
  );
}

function isSecret({ acceptingKey }: ListedKey): boolean {
  return acceptingKey.type === 'secret';
}

/** A secret that no longer signs may still encrypt, or seal opaque tokens: those are derived from it. */
function assertMakesNoTokens(key: ListedKey, { config, schedule, now }: KeyRingView): void {
  const ring = schedule.ringAt(now);
  if (!ring || kidThatCloses(ring, config) !== key.kid) return;
  throw new CommandError(
    `With token-format ${JSON.stringify(config.tokenFormat)} new tokens still need ${key.kid}. ` +
      'Make a secret that takes its place first: fastauth keys rotate --algorithm HS256' +
      (config.tokenFormat === 'jwe'
        ? ', or an encryption key: fastauth keys rotate --algorithm ECDH-ES'
        : ''),
    EXIT.misuse,
  );
}

/** The key that new tokens are encrypted or sealed with. */
function kidThatCloses(ring: KeyRing, { tokenFormat }: FastauthConfig): string | undefined {
  if (tokenFormat === 'jwe') return ring.encryptionKey?.kid;
  return tokenFormat === 'opaque' ? new OpaqueCodec(new ActiveKeyRing(ring)).kidOf(ring) : undefined;
}

/** Where the store cannot tell: the key is needed as long as the last token of it may live. */
function assertOutlived(key: ListedKey, switchedAt: number, now: number, config: FastauthConfig): void {
  const end = switchedAt + Math.max(config.accessTokenExpiresIn, config.refreshTokenExpiresIn);
  if (now >= end) return;
  throw new CommandError(
    `It cannot be told how many sessions need ${key.kid}; tokens of it may live until ${dateOf(end)}. ` +
      'Try again then, or use --force: clients that have not refreshed by now then need new tokens.',
  );
}
