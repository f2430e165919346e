import { randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { Database, open as openLmdb, RootDatabase } from 'lmdb';
import { StoreUnavailableError } from '../../errors.js';
import { LmdbCommits } from './commits.js';
import { lmdbFileFault } from './file-check.js';
import { GrantCounts } from './grant-counts.js';
import { OldestGrants } from './oldest-grants.js';
import { LmdbJournal } from './journal.js';
import { LmdbLatest } from './latest.js';
import { describeHolder, lmdbLockHolderOf } from './lock-holder.js';
import { SamePidError, showPresence, type LmdbPresence } from './presence.js';
import { borrowDatabases, type LmdbDatabases, type LmdbLoan } from './sharing.js';

/** The databases of the embedded store. */
export interface LmdbFiles {
  readonly root: RootDatabase<Buffer, Buffer>;
  /** Write transactions. */
  readonly latest: LmdbLatest;
  /** Session key → session. */
  readonly sessions: Database<Buffer, Buffer>;
  /** The same of those that were revoked: apart, so that a login passes its client's live sessions only. */
  readonly revoked: Database<Buffer, Buffer>;
  /** End and session key → nothing: what the sweep reads. */
  readonly expiries: Database<Buffer, Buffer>;
  /** Sessions without a refresh token, by client: see grants.ts. */
  readonly grants: Database<Buffer, Buffer>;
  /** How many of them each client has. */
  readonly grantCounts: GrantCounts;
  readonly oldestGrants: OldestGrants;
  /** Client identifier → client with credentials of its own. */
  readonly clients: Database<Buffer, Buffer>;
  /** What was used once, by its name and by its end → nothing. */
  readonly assertions: Database<Buffer, Buffer>;
  /** Session key → when it was last used, as a double. */
  readonly uses: Database<Buffer, Buffer>;
  /** What changed last, for other processes. */
  readonly journal: LmdbJournal;
  /** Undefined where nobody can tell whether somebody has written. */
  readonly commits: LmdbCommits | undefined;
  /** Resolves when what was written is on disk. */
  close(): Promise<void>;
}

const LOCK_FILE = 'lock.mdb';
const FORMAT_KEY = Buffer.from('nestjs-fastauth');
const FORMAT = 'sessions 1';
const OTHER_FOLDER = 'Move the folder away, or name another one in database-url.';
const LMDB_INSTALLED =
  'If the application is a bundle, mark "lmdb" as external and install it beside the bundle; otherwise run "npm i lmdb" ' +
  'on this platform, without omitting optional dependencies. Where lmdb has no build for it, name another store in database-url.';
const USABLE_FOLDER =
  'Make it a folder that this process may write to, or name another one in database-url ("lmdb:<folder>").';
const CONTAINERS =
  'Let the containers share a PID namespace ("docker run --pid container:<name>", or "shareProcessNamespace" in a pod), ' +
  'stop the old one before the new one starts, give each one a volume of its own, or keep sessions in Redis or PostgreSQL.';
const BETWEEN_LOOKS_MS = 20;
const BINARY = { encoding: 'binary', keyEncoding: 'binary' } as const;

/**
 * Opens the store's folder, or makes it (mode 700, its files 600).
 * @param patience how long to wait for a process that holds the lock, in seconds
 * @throws StoreUnavailableError when the folder cannot be used or holds something else; nothing of it is changed
 */
export async function openLmdbFiles(folder: string, patience: number): Promise<LmdbFiles> {
  // Loaded here, so that apps on other stores never load the native package.
  const { open } = await import('lmdb').catch((error: unknown) => {
    throw refusal(
      folder,
      `the native part of the package "lmdb" for ${process.platform}-${process.arch} is not where the package looks for it`,
      error,
      LMDB_INSTALLED,
    );
  });
  let loan: LmdbLoan | undefined;
  try {
    const data = prepareFolder(folder);
    loan = await borrowDatabases(data, async () => {
      const presence = await bePresent(folder, patience);
      try {
        await untilUnlocked(folder, patience);
        return { ...(await openDatabases(open, folder)), presence };
      } catch (error) {
        presence?.end();
        throw error;
      }
    });
    const { root, latest, sessions, revoked, expiries, grants, uses, journal, clients, assertions } =
      loan.databases;
    const commits = await LmdbCommits.open(join(folder, LOCK_FILE), root);
    const { giveBack } = loan;
    return {
      root,
      latest,
      commits,
      sessions,
      revoked,
      expiries,
      grants,
      grantCounts: new GrantCounts(grants),
      oldestGrants: new OldestGrants(grants),
      clients,
      assertions,
      uses,
      journal: new LmdbJournal(journal, randomBytes(8)),
      close: async () => {
        await giveBack();
        commits?.close();
      },
    };
  } catch (error) {
    await loan?.giveBack();
    throw error instanceof StoreUnavailableError
      ? error
      : refusal(folder, `it cannot be read or written${codeOf(error)}`, error, USABLE_FOLDER);
  }
}

async function openDatabases(
  open: typeof openLmdb,
  folder: string,
): Promise<Omit<LmdbDatabases, 'presence'>> {
  const root = open<Buffer, Buffer>({
    ...BINARY,
    path: folder,
    noSubdir: false,
    maxDbs: 9,
    // A commit resolves only after it is on disk, and one that cannot be written rejects. With overlapping
    // syncs a failed sync would leave `flushed` pending for ever.
    overlappingSync: false,
    // With it, a failed commit rejects a promise inside lmdb that nobody can handle, which ends the process.
    eventTurnBatching: false,
  });
  let latest: LmdbLatest | undefined;
  try {
    const writes = (latest = new LmdbLatest(join(folder, LOCK_FILE), root));
    await claim(root, writes, folder);
    return writes.writeSync(() => ({
      root,
      latest: writes,
      sessions: root.openDB({ ...BINARY, name: 'sessions' }),
      revoked: root.openDB({ ...BINARY, name: 'revoked' }),
      expiries: root.openDB({ ...BINARY, name: 'expiries' }),
      grants: root.openDB({ ...BINARY, name: 'grants' }),
      uses: root.openDB({ ...BINARY, name: 'uses' }),
      journal: root.openDB({ ...BINARY, name: 'journal' }),
      clients: root.openDB({ ...BINARY, name: 'clients' }),
      assertions: root.openDB({ ...BINARY, name: 'assertions' }),
    }));
  } catch (error) {
    await root.close();
    latest?.close();
    throw error;
  }
}

/** @throws StoreUnavailableError when a process in another container has the same PID and the folder open */
async function bePresent(folder: string, patience: number): Promise<LmdbPresence | undefined> {
  // Elsewhere a PID means one process of the machine.
  if (process.platform !== 'linux') return undefined;
  try {
    return await showPresence(folder, patience);
  } catch (error) {
    if (error instanceof SamePidError) throw refusal(folder, samePid(), undefined, CONTAINERS);
    new Logger('Fastauth').warn(
      `Whether another container uses the embedded token store in "${resolve(folder)}" cannot be seen${codeOf(error)}. ` +
        'If one does, see that their processes have different PIDs.',
    );
    return undefined;
  }
}

function samePid(): string {
  return `a process in another container has it open and has the same PID, ${process.pid}, and LMDB tells processes apart by their PIDs`;
}

/**
 * LMDB would wait without an end, and block the thread.
 * @throws StoreUnavailableError when a process that is stopped holds the lock
 */
async function untilUnlocked(folder: string, patience: number): Promise<void> {
  const until = performance.now() + patience * 1000;
  const lockFile = join(folder, LOCK_FILE);
  let holder = lmdbLockHolderOf(lockFile);
  // One that runs is about to be done, and would be seen again by chance only.
  while (holder?.isStopped === true) {
    if (performance.now() > until) {
      throw refusal(folder, describeHolder(holder), undefined, 'Let that process go on, or end it.');
    }
    await sleep(BETWEEN_LOOKS_MS);
    holder = lmdbLockHolderOf(lockFile);
  }
}

/** @returns the path of its data file */
function prepareFolder(folder: string): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const data = join(folder, 'data.mdb');
  // Made before LMDB makes them, which would give them mode 644.
  for (const file of [data, join(folder, LOCK_FILE)]) makeFile(file);
  const fault = lmdbFileFault(data);
  if (fault) throw refusal(folder, `data.mdb cannot be used: ${fault}`);
  return data;
}

/** A file that is there is not opened: closing it again would take away the locks of a store of this process (POSIX). */
function makeFile(file: string): void {
  try {
    closeSync(openSync(file, 'ax', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** Marks an empty database as ours. Anything else without our mark is somebody else's, and left alone. */
async function claim(root: RootDatabase<Buffer, Buffer>, latest: LmdbLatest, folder: string): Promise<void> {
  const format = await latest.write(() => {
    const found = root.getBinary(FORMAT_KEY);
    if (found !== undefined || root.getKeysCount() > 0) return found?.toString() ?? '';
    root.putSync(FORMAT_KEY, Buffer.from(FORMAT));
    return FORMAT;
  });
  if (format === FORMAT) return;
  throw refusal(
    folder,
    format === ''
      ? 'it holds the database of another program'
      : 'it was written by another version of fastauth',
  );
}

function refusal(
  folder: string,
  reason: string,
  cause?: unknown,
  advice = OTHER_FOLDER,
): StoreUnavailableError {
  return new StoreUnavailableError(
    `The embedded token store in "${resolve(folder)}" cannot be opened: ${reason}. Nothing was changed. ${advice}`,
    undefined,
    { cause },
  );
}

/** As ` (EACCES)`, where the system told why. */
function codeOf(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === 'string' ? ` (${code})` : '';
}
