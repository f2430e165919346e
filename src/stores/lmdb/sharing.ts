import { statSync } from 'node:fs';
import type { Database, RootDatabase } from 'lmdb';
import type { LmdbLatest } from './latest.js';
import type { LmdbPresence } from './presence.js';

/** An LMDB file with its databases. */
export interface LmdbDatabases {
  readonly root: RootDatabase<Buffer, Buffer>;
  readonly latest: LmdbLatest;
  readonly sessions: Database<Buffer, Buffer>;
  readonly revoked: Database<Buffer, Buffer>;
  readonly expiries: Database<Buffer, Buffer>;
  readonly grants: Database<Buffer, Buffer>;
  readonly uses: Database<Buffer, Buffer>;
  readonly journal: Database<Buffer, Buffer>;
  readonly clients: Database<Buffer, Buffer>;
  readonly assertions: Database<Buffer, Buffer>;
  /** Undefined where others cannot see it. */
  readonly presence: LmdbPresence | undefined;
}

/** Databases on loan to one store. */
export interface LmdbLoan {
  readonly databases: LmdbDatabases;
  /** Resolves when what was written before is on disk; the last one to give them back closes the file. */
  giveBack(): Promise<void>;
}

interface Shared {
  readonly opening: Promise<LmdbDatabases>;
  stores: number;
  closing?: Promise<void>;
}

/**
 * The files that this process has open, each once. To open one is a write transaction that blocks the thread: while
 * another store of the process writes, that one would wait for the thread, and both for ever.
 */
const openFiles = new Map<string, Shared>();

/** @param file is there; @param open opens it, if no store of this process has it open */
export async function borrowDatabases(file: string, open: () => Promise<LmdbDatabases>): Promise<LmdbLoan> {
  // Not its path: another file may have taken its place.
  const { dev, ino } = statSync(file, { bigint: true });
  const key = `${dev}:${ino}`;
  let shared = openFiles.get(key);
  while (shared?.closing) {
    await shared.closing.catch(() => {});
    shared = openFiles.get(key);
  }
  if (shared === undefined) openFiles.set(key, (shared = { opening: open(), stores: 0 }));
  const borrowed = shared;
  borrowed.stores++;
  try {
    const databases = await borrowed.opening;
    return { databases, giveBack: () => giveBack(key, borrowed, databases) };
  } catch (error) {
    if (openFiles.get(key) === borrowed) openFiles.delete(key);
    throw error;
  }
}

async function giveBack(
  key: string,
  shared: Shared,
  { root, latest, presence }: LmdbDatabases,
): Promise<void> {
  if (--shared.stores > 0) {
    // Writes are done in their order. Those that fail tell so themselves.
    await root.transaction(() => {}).catch(() => {});
    return;
  }
  shared.closing = root.close().finally(() => {
    latest.close();
    presence?.end();
    openFiles.delete(key);
  });
  await shared.closing;
}
