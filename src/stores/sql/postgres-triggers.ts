import type { Kysely, Sql } from 'kysely';
import type { SqlTables } from './tables.js';

const TABLE = 'fastauth_sessions';
const TRIGGERS = ['fastauth_tell_update', 'fastauth_tell_delete', 'fastauth_tell_truncate'] as const;
/** What decides whether a token is good and what it says; a label does not, and is told of by whoever sets one. */
const DECIDING = [
  'app',
  'client_id',
  'family_id',
  'generation',
  'access_hash',
  'access_expires_at',
  'refresh_hash',
  'refresh_expires_at',
  'previous_refresh_hash',
  'created_at',
  'revoked_at',
  'claims',
  'scope',
  'expires_at',
] as const;
/** Set for a transaction that notifies of its deletions itself. */
export const TOLD_SETTING = 'fastauth.told';

/**
 * Has PostgreSQL notify of what other programs change: a row that somebody updates or deletes by SQL, the whole table
 * that is emptied. Our own statements notify themselves, and are told from others' by the time of the change, which lies
 * within that of their statement; for them no function is called. What is written is an empty writer and the identifiers, or
 * these as hexadecimal where they are not plain ASCII, or `all`.
 */
export async function createChangeTriggers(db: Kysely<SqlTables>, sql: Sql): Promise<void> {
  const schema = await schemaOf(db, sql);
  const table = sql.id(schema, TABLE);
  const channel = (app: string) => sql.raw(`'fastauth_' || left(encode(sha256(${app}), 'hex'), 32)`);
  const tellRow = sql.id(schema, 'fastauth_tell_row');
  const tellAll = sql.id(schema, 'fastauth_tell_all');

  await sql`
    create or replace function ${tellRow}() returns trigger language plpgsql as $fastauth$
    declare
      client text := encode(old.client_id, 'escape');
      family text := encode(old.family_id, 'escape');
      told text;
    begin
      if (client || family) collate "C" ~ '^[ -~]*$' and position('"' in client || family) = 0
          and position(chr(92) in client || family) = 0 then
        told := '["","' || client || '","' || family || '"]';
      else
        told := 'hex ' || encode(old.client_id, 'hex') || ' ' || encode(old.family_id, 'hex');
      end if;
      perform pg_notify(${channel('old.app')}, told);
      return null;
    end
    $fastauth$`.execute(db);
  // Of its owner's rights, since who may empty the table need not be allowed to read it.
  await sql`
    create or replace function ${tellAll}() returns trigger language plpgsql
    security definer set search_path = pg_catalog, pg_temp as $fastauth$
    declare
      next_app bytea;
    begin
      execute format('select app from %I.%I order by app limit 1', tg_table_schema, tg_table_name) into next_app;
      while next_app is not null loop
        perform pg_notify(${channel('next_app')}, 'all');
        execute format('select app from %I.%I where app > $1 order by app limit 1', tg_table_schema, tg_table_name)
          into next_app using next_app;
      end loop;
      return null;
    end
    $fastauth$`.execute(db);

  for (const trigger of TRIGGERS)
    await sql`drop trigger if exists ${sql.id(trigger)} on ${table}`.execute(db);
  const [update, remove, truncate] = TRIGGERS.map((trigger) => sql.id(trigger));
  const epoch = (time: string) => sql.raw(`cast(extract(epoch from ${time}()) as double precision)`);
  const decides = (row: string) => sql.join(DECIDING.map((column) => sql.ref(`${row}.${column}`)));
  await sql`
    create trigger ${update} after update on ${table} for each row
    when (
      (${decides('new')}) is distinct from (${decides('old')}) and
      (new.changed_at between ${epoch('statement_timestamp')} and ${epoch('clock_timestamp')}) is not true
    )
    execute function ${tellRow}()`.execute(db);
  await sql`
    create trigger ${remove} after delete on ${table} for each row
    when (current_setting(${sql.lit(TOLD_SETTING)}, true) is distinct from 'yes')
    execute function ${tellRow}()`.execute(db);
  await sql`
    create trigger ${truncate} before truncate on ${table} for each statement
    execute function ${tellAll}()`.execute(db);
}

/** Whether the triggers are there and switched on. */
export async function hasChangeTriggers(db: Kysely<SqlTables>, sql: Sql): Promise<boolean> {
  const schema = await schemaOf(db, sql);
  const { rows } = await sql<{ triggers: number | string }>`
    select count(*) as triggers from pg_catalog.pg_trigger
    where tgrelid = to_regclass(format('%I.%I', cast(${schema} as text), cast(${TABLE} as text)))
      and tgenabled in ('O', 'A') and tgname in (${sql.join(TRIGGERS)})`.execute(db);
  return Number(rows[0]?.triggers) === TRIGGERS.length;
}

/** Where the tables are: the schema that statements name, or the first of the search path that has them. */
async function schemaOf(db: Kysely<SqlTables>, sql: Sql): Promise<string> {
  const named = namedSchema(db);
  if (named !== undefined) return named;
  const { rows } = await sql<{ name: string }>`
    select nspname as name from pg_catalog.pg_class join pg_catalog.pg_namespace on pg_namespace.oid = relnamespace
    where pg_class.oid = to_regclass(cast(${TABLE} as text))`.execute(db);
  return rows[0]?.name ?? 'public';
}

function namedSchema(db: Kysely<SqlTables>): string | undefined {
  const { query } = db.selectFrom(TABLE).select('app').compile();
  if (query.kind !== 'SelectQueryNode') return undefined;
  const [from] = query.from?.froms ?? [];
  return from?.kind === 'TableNode' && 'table' in from
    ? (from as { table: { schema?: { name: string } } }).table.schema?.name
    : undefined;
}
