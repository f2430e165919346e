import type { Kysely } from 'kysely';
import type { SqlDialect } from './dialect.js';
import { createChangeTriggers } from './postgres-triggers.js';
import { CLIENT_ID_BYTES, FAMILY_ID_BYTES, type SqlTables } from './tables.js';

/** A step from one version of the tables to the next. Each statement may run again after a crash in between. */
interface Migration {
  readonly name: string;
  readonly run: (db: Kysely<SqlTables>, dialect: SqlDialect) => Promise<void>;
}

/** How many rows there are to lock: inserts for so many clients can go on at once. */
export const LOCKS = 64;

/**
 * All steps, in order; a version is the number of steps taken. A released step is never changed: a new one is added,
 * and adds columns or indexes only, so that processes of the version before go on working while it is deployed.
 */
const MIGRATIONS: readonly Migration[] = [
  {
    name: '1-sessions',
    run: async (db, dialect) => {
      await db.schema
        .createTable('fastauth_sessions')
        .ifNotExists()
        .addColumn('app', dialect.bytes(256), (column) => column.notNull())
        .addColumn('client_id', dialect.bytes(CLIENT_ID_BYTES), (column) => column.notNull())
        .addColumn('family_id', dialect.bytes(FAMILY_ID_BYTES), (column) => column.notNull())
        .addColumn('generation', 'integer', (column) => column.notNull())
        .addColumn('access_hash', dialect.bytes(32), (column) => column.notNull())
        .addColumn('access_expires_at', 'double precision', (column) => column.notNull())
        .addColumn('refresh_hash', dialect.bytes(32), (column) => column.notNull())
        .addColumn('refresh_expires_at', 'double precision', (column) => column.notNull())
        .addColumn('previous_refresh_hash', dialect.bytes(32))
        .addColumn('rotated_at', 'double precision')
        .addColumn('sealed_pair', dialect.bytes())
        .addColumn('created_at', 'double precision', (column) => column.notNull())
        .addColumn('revoked_at', 'double precision')
        .addColumn('label', dialect.bytes())
        .addColumn('kid', dialect.bytes(256))
        .addColumn('claims', dialect.bytes())
        .addColumn('expires_at', 'double precision', (column) => column.notNull())
        .addColumn('changed_at', 'double precision')
        .addColumn('changed_by', dialect.bytes(16))
        .addPrimaryKeyConstraint('fastauth_sessions_key', ['app', 'client_id', 'family_id'])
        // Unique constraints, since an index inside of CREATE TABLE is not portable, and one after it not repeatable.
        .addUniqueConstraint('fastauth_sessions_expiry', ['app', 'expires_at', 'client_id', 'family_id'])
        .addUniqueConstraint('fastauth_sessions_change', ['app', 'changed_at', 'client_id', 'family_id'])
        .modifyEnd(dialect.tableOptions)
        .execute();
      await db.schema
        .createTable('fastauth_removals')
        .ifNotExists()
        .addColumn('app', dialect.bytes(256), (column) => column.notNull())
        .addColumn('client_id', dialect.bytes(CLIENT_ID_BYTES), (column) => column.notNull())
        .addColumn('family_id', dialect.bytes(FAMILY_ID_BYTES), (column) => column.notNull())
        .addColumn('changed_at', 'double precision', (column) => column.notNull())
        .addColumn('changed_by', dialect.bytes(16), (column) => column.notNull())
        .addPrimaryKeyConstraint('fastauth_removals_key', ['app', 'changed_at', 'client_id', 'family_id'])
        .modifyEnd(dialect.tableOptions)
        .execute();
      await db.schema
        .createTable('fastauth_locks')
        .ifNotExists()
        .addColumn('id', 'integer', (column) => column.notNull())
        .addColumn('taken', 'integer', (column) => column.notNull())
        .addPrimaryKeyConstraint('fastauth_locks_key', ['id'])
        .modifyEnd(dialect.tableOptions)
        .execute();
      await db.deleteFrom('fastauth_locks').execute();
      await db
        .insertInto('fastauth_locks')
        .values(Array.from({ length: LOCKS }, (_, id) => ({ id, taken: 0 })))
        .execute();
    },
  },
  {
    name: '2-live-sessions',
    // A login looks for the client's live sessions, however many ended ones are kept. Writes wait while it is built.
    run: (db, dialect) =>
      addIndex(db, dialect, 'fastauth_sessions_live', ['app', 'client_id', 'revoked_at', 'expires_at']),
  },
  {
    name: '3-scope',
    run: async (db, dialect) => {
      const add = db.schema.alterTable('fastauth_sessions').addColumn('scope', dialect.bytes());
      // A transaction that makes tables is all or nothing.
      if (dialect.name !== 'mysql') return add.execute();
      await unlessDone('ER_DUP_FIELDNAME', add.execute());
    },
  },
  {
    name: '4-changes-by-sql',
    run: async (db, dialect) => {
      if (dialect.name === 'postgres') await createChangeTriggers(db, dialect.sql);
    },
  },
  {
    name: '5-clients',
    run: async (db, dialect) => {
      await db.schema
        .createTable('fastauth_clients')
        .ifNotExists()
        .addColumn('app', dialect.bytes(256), (column) => column.notNull())
        .addColumn('client_id', dialect.bytes(CLIENT_ID_BYTES), (column) => column.notNull())
        .addColumn('revision', dialect.bytes(16), (column) => column.notNull())
        .addColumn('client', dialect.bytes(), (column) => column.notNull())
        .addPrimaryKeyConstraint('fastauth_clients_key', ['app', 'client_id'])
        .modifyEnd(dialect.tableOptions)
        .execute();
      await db.schema
        .createTable('fastauth_used')
        .ifNotExists()
        .addColumn('app', dialect.bytes(256), (column) => column.notNull())
        .addColumn('id', dialect.bytes(256), (column) => column.notNull())
        .addColumn('expires_at', 'double precision', (column) => column.notNull())
        .addPrimaryKeyConstraint('fastauth_used_key', ['app', 'id'])
        .addUniqueConstraint('fastauth_used_expiry', ['app', 'expires_at', 'id'])
        .modifyEnd(dialect.tableOptions)
        .execute();
    },
  },
  {
    name: '6-last-uses',
    run: async (db, dialect) => {
      await db.schema
        .createTable('fastauth_last_uses')
        .ifNotExists()
        .addColumn('app', dialect.bytes(256), (column) => column.notNull())
        .addColumn('client_id', dialect.bytes(CLIENT_ID_BYTES), (column) => column.notNull())
        .addColumn('family_id', dialect.bytes(FAMILY_ID_BYTES), (column) => column.notNull())
        .addColumn('used_at', 'double precision', (column) => column.notNull())
        .addPrimaryKeyConstraint('fastauth_last_uses_key', ['app', 'client_id', 'family_id'])
        .modifyEnd(dialect.tableOptions)
        .execute();
    },
  },
  {
    name: '7-unknown-beginnings',
    run: async (db, dialect) => {
      const add = db.schema.alterTable('fastauth_sessions').addColumn('beginning_unknown', 'integer');
      if (dialect.name !== 'mysql') return add.execute();
      await unlessDone('ER_DUP_FIELDNAME', add.execute());
    },
  },
  {
    name: '8-oldest-sessions',
    // A grant looks for the oldest of the client's sessions. Writes wait while it is built.
    run: (db, dialect) =>
      addIndex(db, dialect, 'fastauth_sessions_oldest', ['app', 'client_id', 'revoked_at', 'created_at']),
  },
];

type SessionColumn = keyof SqlTables['fastauth_sessions'];

async function addIndex(
  db: Kysely<SqlTables>,
  dialect: SqlDialect,
  name: string,
  columns: SessionColumn[],
): Promise<void> {
  const index = db.schema.createIndex(name).on('fastauth_sessions').columns(columns);
  if (dialect.name !== 'mysql') return index.ifNotExists().execute();
  await unlessDone('ER_DUP_KEYNAME', index.execute());
}

/** MySQL cannot be asked to do a step only where it is not done, which it is where another process stopped in between. */
async function unlessDone(code: string, step: Promise<void>): Promise<void> {
  await step.catch((error: unknown) => {
    if ((error as { code?: unknown }).code !== code) throw error;
  });
}

/** The version of the tables that this package needs at least: what came later is for speed, and for what others do. */
export const NEEDED_VERSION = 1;
/** The version that {@link migrateTables} makes. */
export const SCHEMA_VERSION = MIGRATIONS.length;

/**
 * Brings the tables to {@link SCHEMA_VERSION}. Any number of processes may do so at once: one does it, the others wait.
 * @returns the names of the steps that this call took
 */
export async function migrateTables(db: Kysely<SqlTables>, dialect: SqlDialect): Promise<readonly string[]> {
  return dialect.exclusively(db, async (locked) => {
    await locked.schema
      .createTable('fastauth_schema')
      .ifNotExists()
      .addColumn('version', 'integer', (column) => column.notNull())
      .addColumn('migrated_at', 'double precision', (column) => column.notNull())
      .addPrimaryKeyConstraint('fastauth_schema_key', ['version'])
      .modifyEnd(dialect.tableOptions)
      .execute();
    const taken: string[] = [];
    for (let version = await readVersion(locked, dialect); version < SCHEMA_VERSION; version++) {
      const migration = MIGRATIONS[version] as Migration;
      await migration.run(locked, dialect);
      await locked
        .insertInto('fastauth_schema')
        .values({ version: version + 1, migrated_at: dialect.now })
        .execute();
      taken.push(migration.name);
    }
    return taken;
  });
}

/** The names of the steps that {@link migrateTables} would take. */
export async function pendingMigrations(
  db: Kysely<SqlTables>,
  dialect: SqlDialect,
): Promise<readonly string[]> {
  return MIGRATIONS.slice(await readVersion(db, dialect)).map(({ name }) => name);
}

/** Which version the tables have. Rejects with the driver's error when there are none. */
export async function readVersion(db: Kysely<SqlTables>, { sql }: SqlDialect): Promise<number> {
  const row = await db
    .selectFrom('fastauth_schema')
    .select(sql<number>`coalesce(max(version), 0)`.as('version'))
    .executeTakeFirst();
  return Number(row?.version ?? 0);
}
