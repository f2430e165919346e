import { Logger } from '@nestjs/common';
import type { SessionWatcher } from '../../sessions/token-store.js';
import type { TrackedSessions } from '../tracked-sessions.js';
import type { SqlAccess } from './access.js';
import { ChangePoll } from './change-poll.js';
import { changesSince } from './changes.js';
import { readClock } from './clock.js';
import type { SqlConnection } from './connection.js';
import { parseNotification } from './notifications.js';
import type { FeedListener, PostgresFeed } from './postgres-feed.js';
import { hasChangeTriggers } from './postgres-triggers.js';

/**
 * After how long a session in memory is read again: where nobody tells of changes by SQL, and where triggers do, which
 * restoring a database may pass over.
 */
const REREAD_UNTOLD_MS = 5000;
const REREAD_ANYWAY_MS = 60_000;

/**
 * The feed of {@link TrackedSessions} from a SQL database: what PostgreSQL notifies, and where nothing is notified, what
 * is looked for while somebody watches.
 */
export class SqlFeed {
  readonly #poll: ChangePoll;
  #notifications: PostgresFeed | undefined;
  #isOpen = false;
  #isNotified = false;
  #watchers = 0;
  readonly #told = new Set<string>();

  constructor(
    private readonly access: SqlAccess,
    private readonly sessions: TrackedSessions,
  ) {
    sessions.keepFor(REREAD_UNTOLD_MS);
    this.#poll = new ChangePoll(
      {
        now: () => access.read(readClock),
        changesSince: (time) =>
          access.read((database) =>
            changesSince(database, time, access.isUnsure ? Buffer.alloc(0) : access.scope.writer),
          ),
      },
      access.longestWrite,
      (changed) => sessions.changed(changed),
    );
  }

  start(connection: SqlConnection): void {
    this.#isOpen = true;
    this.#notifications = connection.feed?.(this.access.scope.channel, this.#listener());
    this.#notifications?.start();
    this.#pollIfNeeded();
  }

  async stop(): Promise<void> {
    this.#isOpen = false;
    this.#pollIfNeeded();
    await this.#notifications?.stop();
  }

  watch(watcher: SessionWatcher): () => void {
    const end = this.sessions.watch(watcher);
    this.#watchers++;
    this.#pollIfNeeded();
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      end();
      this.#watchers--;
      this.#pollIfNeeded();
    };
  }

  #listener(): FeedListener {
    const own = this.access.scope.writer.toString('base64url');
    return {
      connected: (at) => {
        this.#isNotified = true;
        this.#pollIfNeeded();
        this.sessions.connected(at);
        void this.#lookForTriggers();
      },
      alive: (at) => this.sessions.alive(at),
      lost: () => {
        this.#isNotified = false;
        this.#pollIfNeeded();
        this.sessions.lost();
      },
      unheard: () =>
        this.#warnOnce(
          'PostgreSQL tells this process nothing (LISTEN), as behind a pooler that lends connections by transaction: every ' +
            'request asks the database, and sockets hear of changes within a second. A direct connection, or a pool of ' +
            'sessions, changes that.',
        ),
      notified: (payload) => {
        const change = parseNotification(payload);
        // What this object wrote was told when the write was done, unless nobody knows whether it was.
        if (change?.writer === own && !this.access.isUnsure) this.sessions.forget(change.key);
        else this.sessions.changed(change?.key);
      },
    };
  }

  /** Changes by SQL are told by triggers, which tables of an older version do not have. */
  async #lookForTriggers(): Promise<void> {
    const areThere = await this.access
      .read(({ db, dialect }) => hasChangeTriggers(db, dialect.sql))
      .catch(() => undefined);
    this.sessions.keepFor(areThere === true ? REREAD_ANYWAY_MS : REREAD_UNTOLD_MS);
    if (areThere !== false) return;
    this.#warnOnce(
      'PostgreSQL does not tell of sessions that others change by SQL: they are seen up to ' +
        `${REREAD_UNTOLD_MS / 1000} seconds later, by sockets not at all. "fastauth store migrate" makes the triggers.`,
    );
  }

  #warnOnce(text: string): void {
    if (this.#told.has(text)) return;
    this.#told.add(text);
    new Logger('Fastauth').warn(text);
  }

  #pollIfNeeded(): void {
    if (this.#isOpen && this.#watchers > 0 && !this.#isNotified) this.#poll.start();
    else this.#poll.stop();
  }
}
