import { createHash } from 'node:crypto';
import type {
  CompiledQuery,
  Expression,
  Kysely,
  SelectQueryBuilder,
  Sql,
  UpdateQueryBuilder,
  UpdateResult,
} from 'kysely';
import type { SessionKey, SessionRecord } from '../../sessions/session-record.js';
import type { KeyUse, ListAllOptions, RevokeFilter, SessionPage } from '../../sessions/token-store.js';
import { REMOVALS_KEPT_SECONDS, type SqlChange } from './change-poll.js';
import type { SqlDialect } from './dialect.js';
import { TooLateError } from './faults.js';
import { LOCKS } from './migrations.js';
import { hasChangeTriggers, TOLD_SETTING } from './postgres-triggers.js';
import {
  CLIENT_ID_BYTES,
  FAMILY_ID_BYTES,
  NO_HASH,
  readableRecordOf,
  recordOf,
  rowKeyFrom,
  rowKeyOf,
  storableId,
  textBytes,
  textOf,
  type NewSessionRow,
  type RowKey,
  type SessionRow,
  type SqlTables,
} from './tables.js';

/** Whose sessions, and who writes. */
export interface SqlScope {
  readonly app: Buffer;
  /** Tells this store object's own changes from others'. */
  readonly writer: Buffer;
  /** Where changes are notified, in databases that can. */
  readonly channel: string;
}

type KeySelection = SelectQueryBuilder<SqlTables, 'fastauth_sessions', RowKey>;
type SessionUpdate = UpdateQueryBuilder<SqlTables, 'fastauth_sessions', 'fastauth_sessions', UpdateResult>;

/** What a read of one session answers. */
type FoundRow = SessionRow & { readonly changed_ago: number | null };

/** How many sessions are named in one statement. */
const CHUNK = 100;

/** The statements on one application's sessions. Those that are several belong into one transaction. */
export class SqlSessions {
  readonly #db: Kysely<SqlTables>;
  readonly #dialect: SqlDialect;
  readonly #sql: Sql;
  readonly #scope: SqlScope;
  /** Until when writes of one statement may take effect, by the database's clock (epoch seconds). */
  readonly #deadline: number;
  #findQuery: CompiledQuery<FoundRow> | undefined;

  constructor(db: Kysely<SqlTables>, dialect: SqlDialect, scope: SqlScope, deadline = Infinity) {
    this.#db = db;
    this.#dialect = dialect;
    this.#sql = dialect.sql;
    this.#scope = scope;
    this.#deadline = deadline;
  }

  /** @param fresh also tells how long ago the session was rotated */
  async find({ clientId, familyId }: SessionKey, fresh: boolean): Promise<SessionRecord | undefined> {
    const client = storableId(clientId, CLIENT_ID_BYTES);
    const family = familyId === undefined ? undefined : storableId(familyId, FAMILY_ID_BYTES);
    if (!client || !family) return undefined;
    // Compiled once: it is the statement of every guarded request.
    this.#findQuery ??= this.#sessions()
      .select((eb) => this.#sql<number>`${this.#dialect.now} - ${eb.ref('changed_at')}`.as('changed_ago'))
      .where('client_id', '=', client)
      .where('family_id', '=', family)
      .compile();
    const { rows } = await this.#db.executeQuery<FoundRow>({
      ...this.#findQuery,
      parameters: [this.#scope.app, client, family],
    });
    const [row] = rows;
    if (row === undefined) return undefined;
    const record = recordOf(row, clientId);
    if (!fresh || record.rotatedAt === undefined || row.changed_ago === null) return record;
    // What has been rotated and not revoked was changed last by its rotation.
    return { ...record, rotatedAgo: Number(row.changed_ago) };
  }

  /** All of the client's sessions, oldest first. */
  async list(clientId: string): Promise<readonly SessionRecord[]> {
    const client = storableId(clientId, CLIENT_ID_BYTES);
    if (!client) return [];
    const rows = await this.#sessions().where('client_id', '=', client).orderBy('created_at').execute();
    return rows.map((row) => recordOf(row, clientId));
  }

  /** A part of all sessions, in the order of the table's key. A cursor is the last key that was listed. */
  async listPart({ cursor, limit }: ListAllOptions): Promise<SessionPage> {
    const [client, family] = (cursor ?? '').split(' ').map((part) => Buffer.from(part, 'hex'));
    const rows = await this.#sessions()
      .$if(cursor !== undefined && client !== undefined && family !== undefined, (query) =>
        query.where((eb) =>
          eb.or([
            eb('client_id', '>', client as Buffer),
            eb.and([eb('client_id', '=', client as Buffer), eb('family_id', '>', family as Buffer)]),
          ]),
        ),
      )
      .orderBy('client_id')
      .orderBy('family_id')
      .limit(limit)
      .execute();
    const last = rows.at(-1);
    const next =
      last === undefined || rows.length < limit
        ? undefined
        : Object.values(rowKeyFrom(last))
            .map((part: Buffer) => part.toString('hex'))
            .join(' ');
    return { sessions: rows.flatMap(readableRecordOf), next };
  }

  /** Puts a session in place of the stored one, if any. */
  async replace(row: NewSessionRow, stored: SessionRecord | undefined): Promise<void> {
    if (stored !== undefined) await this.remove([stored]);
    await this.insert(row);
  }

  /** The client's sessions that are neither revoked nor, at this time, expired. */
  async live(clientId: string, at: number): Promise<readonly SessionRecord[]> {
    const client = storableId(clientId, CLIENT_ID_BYTES);
    if (!client) return [];
    const rows = await this.#sessions()
      .where('client_id', '=', client)
      .where('revoked_at', 'is', null)
      .where('expires_at', '>=', Math.floor(at))
      .execute();
    return rows.map((row) => recordOf(row, clientId));
  }

  /** What `surplusSessions` answers for a session without a refresh token: all but the latest; no others are read. */
  async surplusGrants(record: SessionRecord, sessionsPerClient: number): Promise<readonly SessionRecord[]> {
    const { client_id, family_id } = rowKeyOf(record);
    const rows = await this.#sessions()
      .where('client_id', '=', client_id)
      .where('family_id', '!=', family_id)
      .where('revoked_at', 'is', null)
      .where('expires_at', '>=', Math.floor(record.createdAt))
      .where('refresh_hash', '=', NO_HASH)
      .orderBy('created_at', 'desc')
      // Some databases know an offset with a limit only.
      .limit(Number.MAX_SAFE_INTEGER)
      .offset(Math.max(1, sessionsPerClient) - 1)
      .execute();
    return rows.map((row) => recordOf(row, record.clientId)).toReversed();
  }

  /** Waits until no other transaction holds the client, and holds it until this one ends. */
  async hold(clientId: string): Promise<void> {
    const digest = createHash('sha256').update(this.#scope.app).update('\0').update(clientId).digest();
    await this.#db
      .updateTable('fastauth_locks')
      // A value that changes, since clusters that compare what was written do not see locks.
      .set({ taken: this.#sql<number>`1 - taken` })
      .where('id', '=', digest.readUInt32BE() % LOCKS)
      .execute();
  }

  async insert(row: NewSessionRow): Promise<void> {
    await this.#db
      .insertInto('fastauth_sessions')
      .values({ app: this.#scope.app, ...row })
      .execute();
  }

  /** One statement: compares and swaps. */
  async rotate(row: NewSessionRow): Promise<boolean> {
    if (row.previous_refresh_hash === null) return false;
    const { label: _label, ...columns } = row;
    return this.#changesOne(
      row,
      this.#row(row)
        .set({ ...columns, ...this.#change() })
        .where('generation', '=', row.generation - 1)
        .where('refresh_hash', '=', row.previous_refresh_hash),
    );
  }

  /** One statement. */
  async label(key: SessionKey, label: string | undefined): Promise<boolean> {
    return this.#changeOne(key, (row) => row.set({ label: textBytes(label) }));
  }

  /** One statement. */
  async revoke(key: SessionKey, revokedAt: number): Promise<boolean> {
    return this.#changeOne(key, (row) => row.set({ revoked_at: revokedAt, ...this.#change() }));
  }

  /** @returns the families revoked */
  async revokeClient(clientId: string, revokedAt: number, filter: RevokeFilter): Promise<readonly string[]> {
    const client = storableId(clientId, CLIENT_ID_BYTES);
    if (!client) return [];
    const { issuedBefore, exceptFamilyId } = filter;
    const rows = await this.#locked(
      this.#keys()
        .where('client_id', '=', client)
        .where('revoked_at', 'is', null)
        .$if(issuedBefore !== undefined, (query) => query.where('created_at', '<', issuedBefore ?? 0)),
    ).execute();
    const keys = rows.map(rowKeyFrom).filter((key) => textOf(key.family_id) !== exceptFamilyId);
    for (const chunk of chunksOf(keys)) {
      await this.#db
        .updateTable('fastauth_sessions')
        .set({ revoked_at: revokedAt, ...this.#change() })
        .where('app', '=', this.#scope.app)
        .where((eb) => eb.or(chunk.map((key) => eb.and({ ...key }))))
        .execute();
      await this.#notify(chunk);
    }
    return keys.map((key) => textOf(key.family_id));
  }

  /** Takes out sessions that ended before this time, and what is too old to be told of. */
  async sweep(now: number, limit: number): Promise<readonly SessionKey[]> {
    const expired = await this.#locked(
      this.#keys().where('expires_at', '<', now).orderBy('expires_at').limit(limit),
      true,
    ).execute();
    await this.#removeRows(expired.map(rowKeyFrom));
    await this.#forgetRemovals(limit);
    return expired.map(sessionKeyOf);
  }

  async remove(records: readonly SessionRecord[]): Promise<void> {
    await this.#removeRows(records.map(rowKeyOf));
  }

  async keyUse(now: number): Promise<readonly KeyUse[]> {
    const rows = await this.#db
      .selectFrom('fastauth_sessions')
      .select((eb) => ['kid', eb.fn.countAll().as('sessions'), eb.fn.max('expires_at').as('until')])
      .where('app', '=', this.#scope.app)
      .where('revoked_at', 'is', null)
      .where('expires_at', '>=', now)
      .groupBy('kid')
      .execute();
    return rows.map(({ kid, sessions, until }) => ({
      kid: kid === null ? undefined : textOf(kid),
      sessions: Number(sessions),
      until: Number(until),
    }));
  }

  /** Whether changes by other programs are notified, too. */
  hasTriggers(): Promise<boolean> {
    return hasChangeTriggers(this.#db, this.#sql);
  }

  /** The database's clock. */
  async now(): Promise<number> {
    const { rows } = await this.#sql<{ now: number }>`select ${this.#dialect.clock} as now`.execute(this.#db);
    return Number(rows[0]?.now);
  }

  /** What was changed since this time by the database's clock, but by `writer`. */
  async changesSince(time: number, writer: Buffer): Promise<readonly SqlChange[]> {
    const { app } = this.#scope;
    const changed = this.#db
      .selectFrom('fastauth_sessions')
      .select(['client_id', 'family_id', 'changed_at'])
      .where('app', '=', app)
      .where('changed_at', '>=', time)
      .where('changed_by', '!=', writer);
    const removed = this.#db
      .selectFrom('fastauth_removals')
      .select([
        'client_id',
        'family_id',
        (eb) => eb.ref('changed_at').$castTo<number | null>().as('changed_at'),
      ])
      .where('app', '=', app)
      .where('changed_at', '>=', time)
      .where('changed_by', '!=', writer);
    const rows = await changed.unionAll(removed).execute();
    return rows.map((row) => ({ key: sessionKeyOf(row), changedAt: Number(row.changed_at) }));
  }

  #sessions() {
    return this.#db.selectFrom('fastauth_sessions').selectAll().where('app', '=', this.#scope.app);
  }

  #keys(): KeySelection {
    return this.#db
      .selectFrom('fastauth_sessions')
      .select(['client_id', 'family_id'])
      .where('app', '=', this.#scope.app);
  }

  /** @param skip passes over rows that another transaction holds, instead of waiting for it */
  #locked(query: KeySelection, skip = false): KeySelection {
    return query.$if(this.#dialect.locksRows, (select) =>
      skip ? select.forUpdate().skipLocked() : select.forUpdate(),
    );
  }

  /** One session's, if it is not revoked and the time is not over. */
  #row(key: RowKey): SessionUpdate {
    const update = this.#db
      .updateTable('fastauth_sessions')
      .where('app', '=', this.#scope.app)
      .where('client_id', '=', key.client_id)
      .where('family_id', '=', key.family_id)
      .where('revoked_at', 'is', null);
    return this.#deadline === Infinity ? update : update.where(this.#dialect.clock, '<=', this.#deadline);
  }

  async #changeOne(
    { clientId, familyId }: SessionKey,
    change: (row: SessionUpdate) => SessionUpdate,
  ): Promise<boolean> {
    const client_id = storableId(clientId, CLIENT_ID_BYTES);
    const family_id = familyId === undefined ? undefined : storableId(familyId, FAMILY_ID_BYTES);
    if (!client_id || !family_id) return false;
    const key = { client_id, family_id };
    return this.#changesOne(key, change(this.#row(key)));
  }

  /** @throws TooLateError */
  async #changesOne(key: RowKey, update: SessionUpdate): Promise<boolean> {
    const hasChanged = await this.#hasChanged(key, update);
    const isTimed = this.#deadline !== Infinity;
    if (!hasChanged && isTimed && (await this.now()) > this.#deadline) throw new TooLateError();
    return hasChanged;
  }

  async #hasChanged(key: RowKey, update: SessionUpdate): Promise<boolean> {
    if (!this.#dialect.notifies) return (await update.executeTakeFirst()).numUpdatedRows === 1n;
    const told = this.#sql`pg_notify(${this.#scope.channel}, ${this.#payload(sessionKeyOf(key))})`.as('told');
    return (await update.returning(told).execute()).length === 1;
  }

  #change(): { changed_at: Expression<number>; changed_by: Buffer } {
    return { changed_at: this.#dialect.clock, changed_by: this.#scope.writer };
  }

  async #removeRows(keys: readonly RowKey[]): Promise<void> {
    const { app } = this.#scope;
    for (const chunk of chunksOf(keys)) {
      await this.#notify(chunk);
      await this.#db
        .deleteFrom('fastauth_sessions')
        .where('app', '=', app)
        .where((eb) => eb.or(chunk.map((key) => eb.and({ ...key }))))
        .execute();
      await this.#db
        .insertInto('fastauth_removals')
        .values(chunk.map((key) => ({ app, ...key, ...this.#change() })))
        .execute();
    }
  }

  async #forgetRemovals(limit: number): Promise<void> {
    const old = await this.#db
      .selectFrom('fastauth_removals')
      .select('changed_at')
      .where('app', '=', this.#scope.app)
      .where(
        'changed_at',
        '<',
        this.#sql<number>`${this.#dialect.now} - ${this.#sql.lit(REMOVALS_KEPT_SECONDS)}`,
      )
      .orderBy('changed_at')
      .limit(limit)
      .execute();
    const last = old.at(-1);
    if (last === undefined) return;
    await this.#db
      .deleteFrom('fastauth_removals')
      .where('app', '=', this.#scope.app)
      .where('changed_at', '<=', last.changed_at)
      .execute();
  }

  /** Notified when the transaction is committed. To be called before rows are deleted: no trigger tells of them then. */
  async #notify(keys: readonly RowKey[]): Promise<void> {
    if (!this.#dialect.notifies) return;
    const payloads = keys.map((key) => this.#sql`(${this.#payload(sessionKeyOf(key))})`);
    const told = this.#sql`set_config(${this.#sql.lit(TOLD_SETTING)}, 'yes', true)`;
    await this
      .#sql`select ${told}, pg_notify(${this.#scope.channel}, told.payload) from (values ${this.#sql.join(payloads)}) as told (payload)`.execute(
      this.#db,
    );
  }

  /** What {@link notifiedChange} reads. At most 8000 bytes may be notified; identifiers of the longest form take 7000, escaped. */
  #payload({ clientId, familyId }: SessionKey): string {
    return JSON.stringify([this.#scope.writer.toString('base64url'), clientId, familyId]);
  }
}

/** @returns undefined for what is told of all sessions, or by nobody that we know */
export function notifiedChange(payload: string): { writer: string; key: SessionKey } | undefined {
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

function sessionKeyOf({ client_id, family_id }: RowKey): SessionKey {
  return { clientId: textOf(client_id), familyId: textOf(family_id) };
}

function* chunksOf<T>(items: readonly T[]): Iterable<readonly T[]> {
  for (let start = 0; start < items.length; start += CHUNK) yield items.slice(start, start + CHUNK);
}
