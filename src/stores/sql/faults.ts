import { setTimeout as sleep } from 'node:timers/promises';
import { StoreUnavailableError } from '../../errors.js';
import { networkFault } from '../network-faults.js';
import { unavailable } from '../unavailable.js';
import type { TimeLimit } from '../time-limit.js';
import type { SqlAddress } from './address.js';

/** What to say, and do, when the tables are not there. */
export const MISSING_TABLES =
  'The tables of the token store are missing or old; make them with "fastauth store migrate", or store.migrate().';

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
const NO_DATABASE: readonly string[] = ['3D000', 'ER_BAD_DB_ERROR'];
const REFUSED_LOGIN: readonly string[] = [
  '28000',
  '28P01',
  'ER_ACCESS_DENIED_ERROR',
  'ER_ACCESS_DENIED_NO_PASSWORD_ERROR',
];
const WITHOUT_RIGHT: readonly string[] = [
  '42501',
  'ER_DBACCESS_DENIED_ERROR',
  'ER_TABLEACCESS_DENIED_ERROR',
  'ER_COLUMNACCESS_DENIED_ERROR',
];
/** What the database will not do, however often it is asked: values that do not fit. */
const REFUSALS: readonly string[] = [
  '22001',
  '23502',
  '23514',
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

/** Why a server that was reached does not let the store in: it takes somebody to change that. */
export function refusalOf(error: unknown, { server, database, user }: SqlAddress): string | undefined {
  const code = String((error as { code?: unknown }).code);
  const databaseName = database === undefined ? 'its database' : `the database ${JSON.stringify(database)}`;
  const userName = user === undefined ? 'this user' : `the user ${JSON.stringify(user)}`;
  if (NO_DATABASE.includes(code)) return `${server} does not have ${databaseName} (${code})`;
  if (REFUSED_LOGIN.includes(code)) return `${server} refuses the login of ${userName} (${code})`;
  if (WITHOUT_RIGHT.includes(code)) {
    return `${server} does not let ${userName} use ${databaseName}, or the tables of fastauth in it (${code})`;
  }
  if (code === 'HANDSHAKE_NO_SSL_SUPPORT' || /\bserver does not support SSL\b/.test(messageOf(error))) {
    return `${server} does not speak TLS, which the URL asks for`;
  }
  if (/\bunsupported startup parameter\b/.test(messageOf(error))) {
    return (
      `${server} is a PgBouncer that refuses time limits of statements: let it have ignore_startup_parameters = ` +
      'statement_timeout,lock_timeout,idle_in_transaction_session_timeout, and give them to the role (ALTER ROLE … SET)'
    );
  }
  // pg gives it no code.
  return /\bclient password must be a string\b/.test(messageOf(error))
    ? `${server} asks for a password, and there is none`
    : undefined;
}

/** A fault whose text tells what happened or what to do about it; any other error as it is. */
export function explained(error: unknown, address: SqlAddress): unknown {
  if (isMissingTable(error)) return new StoreUnavailableError(MISSING_TABLES);
  const code = String((error as { code?: unknown }).code);
  if (REFUSALS.includes(code)) {
    return new StoreUnavailableError(`The database answered ${code}.`, undefined, { answered: true });
  }
  const refusal = refusalOf(error, address);
  if (refusal !== undefined) return unavailable(refusal, WITHOUT_RIGHT.includes(code));
  const reason = isCutConnection(error)
    ? 'its connection to the database was cut'
    : networkFault(error, address.server);
  return reason === undefined ? error : unavailable(reason);
}

/** For the `catch` of a promise: throws the fault as {@link explained}. */
export function throwExplained(address: SqlAddress): (error: unknown) => never {
  return (error) => {
    throw explained(error, address);
  };
}

/** pg gives it no code, by which the log could name it. */
function isCutConnection(error: unknown): boolean {
  return /^Connection terminated\b/.test(messageOf(error));
}

function messageOf(error: unknown): string {
  return String((error as { message?: unknown }).message);
}

/** Runs a transaction again, after a random pause, when the database ended it in favour of another one. */
export async function retryingConflicts<T>(limit: TimeLimit, action: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await action();
    } catch (error) {
      if (attempt === ATTEMPTS || limit.hasPassed || !isConflict(error)) throw error;
      await sleep(Math.random() * LONGEST_PAUSE_MS * attempt);
    }
  }
}

function isConflict(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return CONFLICTS.includes(String(code)) || /\bdatabase is locked\b/.test(String(message));
}
