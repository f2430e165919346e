/** Which server and database are meant, as operators are told. */
export interface SqlAddress {
  /** Such as `PostgreSQL at db.internal:5432`. */
  readonly server: string;
  /** Undefined: the one that the server or its driver chooses. */
  readonly database: string | undefined;
  readonly user: string | undefined;
}

/** What is known of a dialect, or an instance of Kysely, that was handed in. */
export const UNKNOWN_ADDRESS: SqlAddress = { server: 'the server', database: undefined, user: undefined };

/** Where a URL leads, without its password. */
export function addressOf(url: string): SqlAddress {
  const [name, defaultPort] = /^postgres/i.test(url) ? ['PostgreSQL', '5432'] : ['MySQL or MariaDB', '3306'];
  if (!URL.canParse(url)) return { ...UNKNOWN_ADDRESS, server: name };
  const { hostname, port, pathname, username, searchParams } = new URL(url);
  const host = hostname || searchParams.get('host');
  return {
    server:
      host === null ? name : `${name} at ${host}${host.startsWith('/') ? '' : `:${port || defaultPort}`}`,
    database: decoded(pathname.slice(1)),
    user: decoded(username),
  };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text) || undefined;
  } catch {
    return text;
  }
}
