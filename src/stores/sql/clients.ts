import {
  type ClientPage,
  ClientStore,
  type ListClients,
  type SingleUse,
  type StoredClient,
} from '../../sessions/client-store.js';
import { clientPage } from '../client-pages.js';
import { decodeClient, encodeClient, revisionBytes } from '../client-record.codec.js';
import type { SqlAccess } from './access.js';
import type { ScopedDatabase } from './scope.js';
import { CLIENT_ID_BYTES, storableId, textOf, type SqlTables } from './tables.js';

/** How many expired entries go with a new one: more than come in, so that they become fewer. */
const DROPPED_AT_A_TIME = 2;

/** Clients in a SQL database: one row a client. */
export class SqlClientStore extends ClientStore {
  readonly #access: SqlAccess;

  constructor(access: SqlAccess) {
    super();
    this.#access = access;
  }

  async find(clientId: string): Promise<StoredClient | undefined> {
    const client_id = storableId(clientId, CLIENT_ID_BYTES);
    if (!client_id) return undefined;
    const row = await this.#access.read(({ db, scope }) =>
      db
        .selectFrom('fastauth_clients')
        .select('client')
        .where('app', '=', scope.app)
        .where('client_id', '=', client_id)
        .executeTakeFirst(),
    );
    return row && decodeClient(row.client, clientId);
  }

  async list({ after, limit }: ListClients): Promise<ClientPage> {
    const rows = await this.#access.read(({ db, scope }) =>
      db
        .selectFrom('fastauth_clients')
        .select(['client_id', 'client'])
        .where('app', '=', scope.app)
        .$if(after !== undefined, (query) => query.where('client_id', '>', Buffer.from(after ?? '')))
        .orderBy('client_id')
        .limit(limit + 1)
        .execute(),
    );
    return clientPage(
      rows.map(({ client_id, client }) => decodeClient(client, textOf(client_id))),
      limit,
    );
  }

  insert(client: StoredClient): Promise<boolean> {
    const row = { app: this.#access.scope.app, ...rowOf(client) };
    return this.#access.transaction((database) => insertNew(database, 'fastauth_clients', row));
  }

  replace(client: StoredClient, revision: string): Promise<boolean> {
    const { client_id, ...columns } = rowOf(client);
    return this.#access.transaction(async ({ db, scope }) => {
      const { numUpdatedRows } = await db
        .updateTable('fastauth_clients')
        .set(columns)
        .where('app', '=', scope.app)
        .where('client_id', '=', client_id)
        .where('revision', '=', revisionBytes(revision))
        .executeTakeFirst();
      return numUpdatedRows > 0n;
    });
  }

  async remove(clientId: string): Promise<boolean> {
    const client_id = storableId(clientId, CLIENT_ID_BYTES);
    if (!client_id) return false;
    return this.#access.transaction(async ({ db, scope }) => {
      const { numDeletedRows } = await db
        .deleteFrom('fastauth_clients')
        .where('app', '=', scope.app)
        .where('client_id', '=', client_id)
        .executeTakeFirst();
      return numDeletedRows > 0n;
    });
  }

  async useOnce({ id, expiresAt, now }: SingleUse): Promise<boolean> {
    const { app } = this.#access.scope;
    const row = { app, id: Buffer.from(id), expires_at: expiresAt };
    const isFirst = await this.#access.transaction((database) => insertNew(database, 'fastauth_used', row));
    if (isFirst) await this.#dropExpired(now);
    return isFirst;
  }

  /** A few, apart from the write that was acknowledged: if it fails, the next one drops them. */
  async #dropExpired(now: number): Promise<void> {
    const drop = this.#access.transaction(async ({ db, scope }) => {
      const expired = await db
        .selectFrom('fastauth_used')
        .select('id')
        .where('app', '=', scope.app)
        .where('expires_at', '<', now)
        .orderBy('expires_at')
        .limit(DROPPED_AT_A_TIME)
        .execute();
      if (expired.length === 0) return;
      const ids = expired.map(({ id }) => Buffer.from(id));
      await db.deleteFrom('fastauth_used').where('app', '=', scope.app).where('id', 'in', ids).execute();
    });
    await drop.catch(() => undefined);
  }
}

/** @throws RangeError for an identifier that cannot be stored exactly */
function rowOf(client: StoredClient): { client_id: Buffer; revision: Buffer; client: Buffer } {
  const client_id = storableId(client.clientId, CLIENT_ID_BYTES);
  if (!client_id) throw new RangeError('The client identifier is too long or not well-formed Unicode.');
  return { client_id, revision: revisionBytes(client.revision), client: encodeClient(client) };
}

/** @returns whether it is new; a row of the same key is left as it is */
async function insertNew<T extends 'fastauth_clients' | 'fastauth_used'>(
  { db, dialect }: ScopedDatabase,
  table: T,
  row: SqlTables[T],
): Promise<boolean> {
  const insert = db.insertInto<'fastauth_clients' | 'fastauth_used'>(table).values(row);
  const unlessThere =
    dialect.name === 'mysql' ? insert.ignore() : insert.onConflict((conflict) => conflict.doNothing());
  const { numInsertedOrUpdatedRows } = await unlessThere.executeTakeFirst();
  return (numInsertedOrUpdatedRows ?? 0n) > 0n;
}
