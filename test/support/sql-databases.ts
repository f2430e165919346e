import { randomBytes } from 'node:crypto';
import mysql from 'mysql2/promise';
import { Client } from 'pg';
import { serviceUrl } from './services.js';

/** A part of a database server that is a test's own. */
export interface OwnDatabase {
  /** Its `database-url`. */
  readonly url: string;
  /** Runs a statement as the administrator, and answers its rows. */
  query(sql: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>;
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
  // What tests write need not survive a crash of the server.
  url.searchParams.set('options', `-csearch_path=${name} -csynchronous_commit=off`);
  return {
    url: url.href,
    query: async (sql, values = []) => (await admin.query<Record<string, unknown>>(sql, [...values])).rows,
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
    url: url.href,
    query: async (sql, values = []) => {
      const [rows] = await admin.query(sql, [...values]);
      return Array.isArray(rows) ? (rows as Record<string, unknown>[]) : [];
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
