import type { RawBuilder } from 'kysely';
import type { SessionKey } from '../../sessions/session-record.js';
import { TOLD_SETTING } from './postgres-triggers.js';
import type { ScopedDatabase, SqlScope } from './scope.js';
import { sessionKeyOf, textOf, type RowKey } from './tables.js';

/** Notifies when the transaction is committed. To be called before rows are deleted: no trigger tells of them then. */
export async function notifyChanges(
  { db, dialect, scope }: ScopedDatabase,
  keys: readonly RowKey[],
): Promise<void> {
  if (!dialect.notifies) return;
  const { sql } = dialect;
  const payloads = keys.map((key) => sql`(${payloadOf(scope, key)})`);
  const told = sql`set_config(${sql.lit(TOLD_SETTING)}, 'yes', true)`;
  await sql`select ${told}, pg_notify(${scope.channel}, told.payload) from (values ${sql.join(payloads)}) as told (payload)`.execute(
    db,
  );
}

/** The call that notifies of one session's change, as a part of a statement. */
export function notification({ dialect, scope }: ScopedDatabase, key: RowKey): RawBuilder<unknown> {
  return dialect.sql`pg_notify(${scope.channel}, ${payloadOf(scope, key)})`;
}

/** @returns undefined for what is told of all sessions, or by nobody that we know */
export function parseNotification(payload: string): { writer: string; key: SessionKey } | undefined {
  const [, client, family] = /^hex ([\da-f]*) ([\da-f]*)$/.exec(payload) ?? [];
  if (client !== undefined && family !== undefined) {
    const key = {
      clientId: textOf(Buffer.from(client, 'hex')),
      familyId: textOf(Buffer.from(family, 'hex')),
    };
    return { writer: '', key };
  }
  try {
    const [writer, clientId, familyId] = JSON.parse(payload) as string[];
    return writer === undefined || clientId === undefined
      ? undefined
      : { writer, key: { clientId, familyId } };
  } catch {
    return undefined;
  }
}

/** What {@link parseNotification} reads. At most 8000 bytes may be notified; identifiers of the longest form take 7000, escaped. */
function payloadOf({ writer }: SqlScope, key: RowKey): string {
  const { clientId, familyId } = sessionKeyOf(key);
  return JSON.stringify([writer.toString('base64url'), clientId, familyId]);
}
