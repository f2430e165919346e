import type { UpdateQueryBuilder, UpdateResult } from 'kysely';
import type { SessionKey } from '../../sessions/session-record.js';
import { changeMark } from './changes.js';
import { readClock } from './clock.js';
import { TooLateError } from './faults.js';
import { notification } from './notifications.js';
import type { ScopedDatabase } from './scope.js';
import { storableKey, textBytes, type NewSessionRow, type RowKey, type SqlTables } from './tables.js';

/*
 * Writes of one statement, to one session that is not revoked. They take effect until `deadline` by the database's
 * clock (epoch seconds), or reject with TooLateError.
 */

type SessionUpdate = UpdateQueryBuilder<SqlTables, 'fastauth_sessions', 'fastauth_sessions', UpdateResult>;

/** Compares and swaps. */
export async function rotateSession(
  database: ScopedDatabase,
  deadline: number,
  row: NewSessionRow,
): Promise<boolean> {
  if (row.previous_refresh_hash === null) return false;
  const { label: _label, ...columns } = row;
  return hasChangedInTime(
    database,
    deadline,
    row,
    updateRow(database, deadline, row)
      .set({ ...columns, ...changeMark(database) })
      .where('generation', '=', row.generation - 1)
      .where('refresh_hash', '=', row.previous_refresh_hash),
  );
}

export function labelSession(
  database: ScopedDatabase,
  deadline: number,
  key: SessionKey,
  label: string | undefined,
): Promise<boolean> {
  return changeSession(database, deadline, key, (row) => row.set({ label: textBytes(label) }));
}

export function revokeSession(
  database: ScopedDatabase,
  deadline: number,
  key: SessionKey,
  revokedAt: number,
): Promise<boolean> {
  return changeSession(database, deadline, key, (row) =>
    row.set({ revoked_at: revokedAt, ...changeMark(database) }),
  );
}

async function changeSession(
  database: ScopedDatabase,
  deadline: number,
  key: SessionKey,
  change: (row: SessionUpdate) => SessionUpdate,
): Promise<boolean> {
  const rowKey = storableKey(key);
  if (!rowKey) return false;
  return hasChangedInTime(database, deadline, rowKey, change(updateRow(database, deadline, rowKey)));
}

function updateRow({ db, dialect, scope }: ScopedDatabase, deadline: number, key: RowKey): SessionUpdate {
  return db
    .updateTable('fastauth_sessions')
    .where('app', '=', scope.app)
    .where('client_id', '=', key.client_id)
    .where('family_id', '=', key.family_id)
    .where('revoked_at', 'is', null)
    .where(dialect.clock, '<=', deadline);
}

/** @throws TooLateError */
async function hasChangedInTime(
  database: ScopedDatabase,
  deadline: number,
  key: RowKey,
  update: SessionUpdate,
): Promise<boolean> {
  const isDone = await hasChanged(database, key, update);
  if (!isDone && (await readClock(database)) > deadline) throw new TooLateError();
  return isDone;
}

async function hasChanged(database: ScopedDatabase, key: RowKey, update: SessionUpdate): Promise<boolean> {
  if (!database.dialect.notifies) return (await update.executeTakeFirst()).numUpdatedRows === 1n;
  const told = notification(database, key).as('told');
  return (await update.returning(told).execute()).length === 1;
}
