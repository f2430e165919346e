import { Command } from 'commander';
import { SystemClock } from '../clock.js';
import { oldestFirst } from '../sessions/live-sessions.js';
import type { SessionRecord } from '../sessions/session-record.js';
import { type Session, sessionOf } from '../tokens/issued-tokens.js';
import { sessionView } from '../tokens/session-view.js';
import { CommandError, countOf, EXIT, print, type CommandOutput } from './command-output.js';
import { type ConfigOptions, readConfig, withConfigOptions } from './config-options.js';
import { dateOf } from './date-text.js';
import { durationOf } from './duration.js';
import { lastHeardOf, liveSessions } from './session-walk.js';
import { withStore } from './with-store.js';

interface ListOptions extends ConfigOptions {
  readonly client?: string;
  readonly unusedSince?: number;
  readonly revoke?: true;
  readonly force?: true;
}

interface RevokeOptions extends ConfigOptions {
  readonly client: string;
  readonly session: string;
}

/** `fastauth sessions` */
export function sessionsCommand(): Command {
  const list = withConfigOptions(new Command('list'))
    .description(
      'List the live sessions: of one client, those that nobody has used for some time, or all. The REST persistence API lists those of one client alone.',
    )
    .option('--client <id>', 'only those of this client')
    .option(
      '--unused-since <duration>',
      'only those that were not issued, refreshed or used for so long, such as 90d',
      durationOf,
    )
    .option('--revoke', 'end them; with --unused-since only')
    .option('--force', 'end them also where uses are not tracked (track-last-used)')
    .action(async (options: ListOptions) => print(await listed(options), options.json ?? false));
  const revoke = withConfigOptions(new Command('revoke'))
    .description('End one session. Exit status 1: there is no such live session.')
    .requiredOption('--client <id>', 'whose session')
    .requiredOption('--session <id>', 'which one, as "fastauth sessions list" names it')
    .action(async (options: RevokeOptions) => print(await revoked(options), options.json ?? false));
  return new Command('sessions').description('List and end sessions.').addCommand(list).addCommand(revoke);
}

async function listed(options: ListOptions): Promise<CommandOutput> {
  const { client, unusedSince, revoke = false, force = false } = options;
  const { config } = readConfig(options);
  if (revoke && unusedSince === undefined) {
    throw new CommandError(
      '--revoke ends what --unused-since lists; for one client\'s sessions use "fastauth client revoke".',
      EXIT.misuse,
    );
  }
  if (revoke && config.trackLastUsed === 0 && !force) {
    throw new CommandError(
      'track-last-used is 0: sessions whose tokens are used without being refreshed look unused. Set it, and wait as long as ' +
        '--unused-since says; or end them all the same with --force.',
      EXIT.misuse,
    );
  }
  const now = new SystemClock().now() / 1000;
  const isUnused = (record: SessionRecord): boolean =>
    unusedSince === undefined || lastHeardOf(record) < now - unusedSince;
  return withStore(config, async (store) => {
    const sessions = [...(await liveSessions(store, now, client))].filter(isUnused).sort(oldestFirst);
    let ended = 0;
    if (revoke) for (const session of sessions) if (await store.revoke(session, Math.floor(now))) ended++;
    const shown = sessions.map(sessionOf);
    return {
      lines: [
        ...shown.map(lineOf),
        revoke
          ? `${countOf(ended, 'session')} ended.`
          : shown.length === 0
            ? 'There is no such session.'
            : `${countOf(shown.length, 'session')}.`,
      ],
      json: { sessions: shown.map(sessionView), ...(revoke ? { revoked: ended } : {}) },
    };
  });
}

async function revoked(options: RevokeOptions): Promise<CommandOutput> {
  const { client: clientId, session: familyId } = options;
  const now = Math.floor(new SystemClock().now() / 1000);
  const { config } = readConfig(options);
  const hasEnded = await withStore(config, (store) => store.revoke({ clientId, familyId }, now));
  return {
    lines: [hasEnded ? 'The session has ended.' : 'There is no such live session.'],
    json: { revoked: hasEnded },
    exitCode: hasEnded ? EXIT.done : EXIT.failed,
  };
}

function lineOf({
  clientId,
  familyId,
  label,
  createdAt,
  refreshedAt,
  lastUsedAt,
  expiresAt,
}: Session): string {
  return [
    JSON.stringify(clientId),
    familyId,
    ...(label === undefined ? [] : [JSON.stringify(label)]),
    `since ${dateOf(createdAt)}`,
    ...(refreshedAt === undefined ? [] : [`refreshed ${dateOf(refreshedAt)}`]),
    ...(lastUsedAt === undefined ? [] : [`last used ${dateOf(lastUsedAt)}`]),
    `until ${dateOf(expiresAt)}`,
  ].join('  ');
}
