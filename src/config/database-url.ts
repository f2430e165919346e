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

/** Whether the text has a scheme of ours; another application's `DATABASE_URL` may not. */
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
  return scheme.startsWith('http') ? databaseApiUrlFault(url) : networkFault(url);
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
  return URL.canParse(url) && /^[a-z]+:\/\/./i.test(url) ? undefined : 'cannot be read as a URL with a host';
}

function schemeOf(url: string): string {
  return SCHEME.exec(url)?.[1]?.toLowerCase() ?? '';
}
