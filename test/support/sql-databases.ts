import { randomBytes } from 'node:crypto';
import mysql from 'mysql2/promise';
import { Client } from 'pg';
import { serviceUrl } from './services.js';

/** A part of a database server that is a test's own. */
export interface OwnDatabase {
  readonly name: string;
  /** Its `database-url`. */
  readonly url: string;
  /** Runs a statement as the administrator, and answers its rows. */
  query(sql: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>;
  /** Ends the connections to it whose current or last statement is like this; the administrator's is left alone. */
  cut(statement: RegExp): Promise<number>;
  drop(): Promise<void>;
}

/** A schema that is first in the search path. */
export async function ownPostgres(): Promise<OwnDatabase> {
  const name = uniqueName();
  const url = new URL(serviceUrl('PostgreSQL'));
  const admin = new Client({ connectionString: url.href });
  admin.on('error', () => undefined);
  await admin.connect();
  await admin.query(`create schema ${name}`);
  await admin.query(`set search_path to ${name}`);
  // What tests write need not survive a crash of the server, nor need a deadlock stand for a second.
  const settings = { search_path: name, synchronous_commit: 'off', deadlock_timeout: '50ms' };
  const options = Object.entries(settings).map(([setting, value]) => `-c${setting}=${value}`);
  url.searchParams.set('options', options.join(' '));
  // Tells a test's own connections from others' in the server's list.
  url.searchParams.set('application_name', name);
  return {
    name,
    url: url.href,
    query: async (sql, values = []) => (await admin.query<Record<string, unknown>>(sql, [...values])).rows,
    cut: async (statement) => {
      const sql = 'select pid, query from pg_stat_activity where application_name = $1';
      // Within a transaction the list is else the one of the first look.
      await admin.query('select pg_stat_clear_snapshot()');
      const { rows } = await admin.query<{ pid: number; query: string }>(sql, [name]);
      const found = rows.filter(({ query }) => statement.test(query));
      for (const { pid } of found) await admin.query('select pg_terminate_backend($1)', [pid]);
      return found.length;
    },
    drop: async () => {
      await admin.query(`drop schema ${name} cascade`);
      await admin.end();
    },
  };
}

export async function ownMariadb(): Promise<OwnDatabase> {
  const name = uniqueName();
  const url = new URL(serviceUrl('MariaDB'));
  const admin = await mysql.createConnection({ uri: url.href });
  await admin.query(`create database ${name}`);
  await admin.query(`use ${name}`);
  url.pathname = `/${name}`;
  return {
    name,
    url: url.href,
    query: async (sql, values = []) => {
      const [rows] = await admin.query(sql, [...values]);
      return Array.isArray(rows) ? (rows as Record<string, unknown>[]) : [];
    },
    cut: async (statement) => {
      const sql =
        'select id, info from information_schema.processlist where db = ? and id <> connection_id()';
      const [rows] = await admin.query<mysql.RowDataPacket[]>(sql, [name]);
      const found = rows.filter(({ info }) => statement.test(String(info)));
      for (const { id } of found) await admin.query(`kill ${id}`);
      return found.length;
    },
    drop: async () => {
      await admin.query(`drop database ${name}`);
      await admin.end();
    },
  };
}

function uniqueName(): string {
  return `fastauth_${randomBytes(8).toString('hex')}`;
}
