/** Schemes of `database-url` that go over a network, and the port's name in no way: a host is needed. */
const NETWORK_SCHEMES = [
  'redis',
  'rediss',
  'postgres',
  'postgresql',
  'mysql',
  'mariadb',
  'http',
  'https',
] as const;

/** Every scheme that `database-url` may have. */
export const DATABASE_SCHEMES: readonly string[] = ['lmdb', 'memory', ...NETWORK_SCHEMES];

const SCHEME = /^([a-z][a-z0-9+.-]*):/i;

/** Whether the text has a scheme of ours: the application's own `DATABASE_URL` may not. */
export function isOurDatabaseUrl(url: string): boolean {
  return DATABASE_SCHEMES.includes(schemeOf(url));
}

/** Why a text cannot be `database-url`, without what it holds beyond the scheme (there may be a password). */
export function databaseUrlFault(url: string): string | undefined {
  const scheme = schemeOf(url);
  if (!DATABASE_SCHEMES.includes(scheme)) {
    const found = scheme === '' ? 'has no scheme' : `has the scheme "${scheme}:"`;
    return `${found}; expected one of ${DATABASE_SCHEMES.map((known) => `${known}:`).join(', ')}`;
  }
  if (scheme === 'lmdb') {
    return url.length > 'lmdb:'.length ? undefined : 'names no folder; write for example "lmdb:.fastauth"';
  }
  if (scheme === 'memory') return url === 'memory:' ? undefined : 'is followed by something; write "memory:"';
  if (scheme.startsWith('http')) return databaseApiUrlFault(url);
  return (
    networkFault(url) ?? (scheme.startsWith('redis') ? redisFault(new URL(url)) : sqlFault(new URL(url)))
  );
}

/** Why a text cannot be the base URL of the REST persistence API. */
export function databaseApiUrlFault(url: string): string | undefined {
  if (!/^https?:\/\//i.test(url)) return 'is not an http:// or https:// URL';
  return (
    networkFault(url) ?? (/[?#]/.test(url) ? 'has a query or a fragment; a base URL has neither' : undefined)
  );
}

/** The URL as the stores take it: scheme in lower case, REST base URLs without trailing slashes. */
export function canonicalDatabaseUrl(url: string): string {
  const scheme = schemeOf(url);
  const canonical = scheme + url.slice(scheme.length);
  return scheme.startsWith('http') ? canonical.replace(/\/+$/, '') : canonical;
}

function networkFault(url: string): string | undefined {
  if (!URL.canParse(url) || !/^[a-z]+:\/\/./i.test(url)) return 'cannot be read as a URL with a host';
  return new URL(url).port === '0' ? 'has the port 0, on which no server listens' : undefined;
}

/** Parameters that ioredis takes from a URL and that are ours to leave to it. */
const REDIS_PARAMETERS = ['connectionName', 'db', 'family', 'password', 'username'];

/** ioredis takes everything behind the host for a database's number: of a name it makes NaN, which ends the process. */
function redisFault({ hostname, pathname, hash, searchParams }: URL): string | undefined {
  if (hostname === '')
    return 'names no host; a Unix socket goes by a client of your own in forRoot({ store })';
  if (hash !== '') return FRAGMENT;
  if (
    !/^\/?\d*$/.test(pathname) ||
    ['db', 'family'].some((name) => /\D/.test(searchParams.get(name) ?? ''))
  ) {
    return 'names its database by something else than a number; write for example "redis://host:6379/1"';
  }
  const unknown = [...searchParams.keys()].filter((name) => !REDIS_PARAMETERS.includes(name));
  return unknown.length === 0
    ? undefined
    : `has the parameter ${JSON.stringify(unknown[0])}, which would be ignored; leave it out, or give a client of your own in forRoot({ store })`;
}

function sqlFault({ protocol, pathname, hash, searchParams }: URL): string | undefined {
  if (hash !== '') return FRAGMENT;
  const fault = /^(?:mysql|mariadb):$/.test(protocol) ? mysqlTlsFault(searchParams) : undefined;
  if (fault !== undefined) return fault;
  return /^\/?[^/]*\/?$/.test(pathname) ? undefined : 'has more than the name of a database behind its host';
}

const HOW_TO_TLS = `write ssl={} (TLS, with the authorities that Node.js knows) or ssl={"ca":"…"} with the text of the PEM file, percent-encoded`;

/** mysql2 ignores what PostgreSQL's URLs say, so that nothing would be encrypted; and takes `ssl` as JSON alone. */
function mysqlTlsFault(parameters: URLSearchParams): string | undefined {
  const ignored = [...parameters.keys()].find((name) => /^(?:ssl.+|(?:use)?tls.*|usessl)$/i.test(name));
  if (ignored !== undefined) {
    return `has the parameter ${JSON.stringify(ignored)}, which the driver ignores; ${HOW_TO_TLS}`;
  }
  const ssl = parameters.get('ssl');
  return ssl === null || ssl === 'Amazon RDS' || isJsonObject(ssl)
    ? undefined
    : `has an ssl that the driver cannot use; ${HOW_TO_TLS}`;
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

const FRAGMENT = 'has a "#", and what follows it would be ignored; in a password write "%23"';

function schemeOf(url: string): string {
  return SCHEME.exec(url)?.[1]?.toLowerCase() ?? '';
}

/** Whether these settings name the REST persistence API. */
export function isRestApi({
  databaseUrl = '',
  databaseApiUrl,
}: {
  readonly databaseUrl?: string | undefined;
  readonly databaseApiUrl?: string | undefined;
}): boolean {
  return databaseApiUrl !== undefined || /^https?:/i.test(databaseUrl);
}
