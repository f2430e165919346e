import { setTimeout as sleep } from 'node:timers/promises';
import { StoreUnavailableError } from '../errors.js';

/** What to say, and do, when the tables are not there. */
export const MISSING_TABLES =
  'The tables of the token store are missing or old; make them with "fastauth store migrate", or store.migrate().';

const CUT_CONNECTION =
  'The token store is not available: its connection to the database was cut. Try again later.';

/** SQLSTATE (PostgreSQL), symbol (MySQL, MariaDB) and result code (SQLite) of transactions that lost to another one. */
const CONFLICTS: readonly string[] = [
  '40001',
  '40P01',
  'ER_LOCK_DEADLOCK',
  'ER_CHECKREAD',
  'SQLITE_BUSY',
  'SQLITE_BUSY_SNAPSHOT',
  'SQLITE_LOCKED',
];
const MISSING: readonly string[] = ['42P01', '42703', 'ER_NO_SUCH_TABLE', 'ER_BAD_FIELD_ERROR'];
/** What the database will not do, however often it is asked: rights, and values that do not fit. */
const REFUSALS: readonly string[] = [
  '42501',
  '22001',
  '23502',
  '23514',
  'ER_TABLEACCESS_DENIED_ERROR',
  'ER_COLUMNACCESS_DENIED_ERROR',
  'ER_DATA_TOO_LONG',
  'ER_BAD_NULL_ERROR',
  'ER_CONSTRAINT_FAILED',
  'SQLITE_CONSTRAINT_NOTNULL',
  'SQLITE_CONSTRAINT_CHECK',
];
const ATTEMPTS = 10;
const LONGEST_PAUSE_MS = 20;

/** A write that would have taken effect when its caller had been told that it failed; nothing was done. */
export class TooLateError extends Error {
  override readonly name = 'TooLateError';
}

/** Whether a table or a column is not there. */
export function isMissingTable(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return MISSING.includes(String(code)) || /\bno such (?:table|column)\b/.test(String(message));
}

/** A fault whose text tells what happened or what to do about it; any other error as it is. */
export function explained(error: unknown): unknown {
  if (isMissingTable(error)) return new StoreUnavailableError(MISSING_TABLES);
  const code = String((error as { code?: unknown }).code);
  if (REFUSALS.includes(code)) {
    return new StoreUnavailableError(`The database answered ${code}.`, undefined, { answered: true });
  }
  return isCutConnection(error) ? new StoreUnavailableError(CUT_CONNECTION) : error;
}

/** pg gives it no code, by which the log could name it. */
function isCutConnection(error: unknown): boolean {
  return /^Connection terminated\b/.test(String((error as { message?: unknown }).message));
}

/** Runs a transaction again, after a random pause, when the database ended it in favour of another one. */
export async function retryingConflicts<T>(signal: AbortSignal, action: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await action();
    } catch (error) {
      if (attempt === ATTEMPTS || signal.aborted || !isConflict(error)) throw error;
      await sleep(Math.random() * LONGEST_PAUSE_MS * attempt);
    }
  }
}

function isConflict(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return CONFLICTS.includes(String(code)) || /\bdatabase is locked\b/.test(String(message));
}
