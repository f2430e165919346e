import { resolve } from 'node:path';
import { DATABASE_SCHEMES } from '../config/database-url.js';

const SAME_SCHEMES: Readonly<Record<string, string>> = {
  rediss: 'redis',
  postgresql: 'postgres',
  mariadb: 'mysql',
};
const PORTS: Readonly<Record<string, string>> = {
  redis: '6379',
  postgres: '5432',
  mysql: '3306',
  http: '80',
  https: '443',
};
const THIS_MACHINE = ['localhost', '[::1]', '127.0.0.1'];
/** Parameters of PostgreSQL's URLs that choose other tables. */
const PLACE_PARAMETERS = ['schema', 'options'];

/** Where a `database-url` leads. */
export interface StorePlace {
  /** As people are told it: no user, password or parameter. */
  readonly shown: string;
  /** The same text for two URLs that lead to the same place, as far as they tell. */
  readonly identity: string;
}

/** @param url one in which `databaseUrlFault` finds no fault */
export function storePlace(url: string): StorePlace {
  const scheme = url.slice(0, url.indexOf(':')).toLowerCase();
  if (!DATABASE_SCHEMES.includes(scheme) || scheme === 'memory') return { shown: url, identity: url };
  if (scheme === 'lmdb') return { shown: url, identity: `lmdb:${resolve(url.slice('lmdb:'.length))}` };
  const { hostname, port, pathname, searchParams } = new URL(url);
  const family = SAME_SCHEMES[scheme] ?? scheme;
  const host = THIS_MACHINE.includes(hostname) ? 'localhost' : hostname.toLowerCase();
  const path = pathname.replace(/^\/+|\/+$/g, '') || (searchParams.get('db') ?? '');
  const database = family === 'redis' ? String(Number(path)) : path;
  const parameters = PLACE_PARAMETERS.map((name) => searchParams.get(name) ?? '');
  return {
    shown: `${scheme}://${hostname}${port === '' ? '' : `:${port}`}/${path}`,
    identity: JSON.stringify([family, host, port || PORTS[family], database, ...parameters]),
  };
}
