import type { SessionKey } from '../../sessions/session-record.js';

/**
 * The names under which Redis keeps the sessions of one application: `<app>:session:{<client>}:<family>` for a
 * session, `<app>:sessions:{<client>}` for the index of a client, `<app>:touched:{<client>}:<family>` for when a session
 * was last used, `<app>:grants:{<client>}` and `<app>:grant-ends:{<client>}` for those without a refresh token. All parts are percent-encoded, so that none holds
 * a colon or a brace; the braces make one hash slot of all that belongs to a client (Redis Cluster specification,
 * "Hash tags"), whatever the identifier holds.
 */
export class RedisKeys {
  /** What the keys of sessions, and no others, begin with. */
  readonly sessionPrefix: string;
  /** What SCAN matches them by. */
  readonly sessionPattern: string;
  /** The clients with credentials of their own: a hash. */
  readonly clients: string;
  /** By which a database is known again. */
  readonly place: string;
  readonly #indexPrefix: string;
  readonly #usedPrefix: string;
  readonly #touchedPrefix: string;
  readonly #grantsPrefix: string;
  readonly #grantEndsPrefix: string;

  /** @param prefix what the application puts before all of its keys (ioredis' `keyPrefix`), as it is */
  constructor(appName: string, prefix = '') {
    const app = prefix + encodeURIComponent(appName);
    this.place = `${app}:place`;
    this.clients = `${app}:clients`;
    this.#usedPrefix = `${app}:used:`;
    this.sessionPrefix = `${app}:session:`;
    this.sessionPattern = `${this.sessionPrefix.replaceAll(/[*?[\]\\]/g, '\\$&')}*`;
    this.#indexPrefix = `${app}:sessions:`;
    this.#touchedPrefix = `${app}:touched:`;
    this.#grantsPrefix = `${app}:grants:`;
    this.#grantEndsPrefix = `${app}:grant-ends:`;
  }

  /** @returns undefined for identifiers that cannot be stored exactly: empty, or not well-formed Unicode */
  ofClient(clientId: string): RedisClientKeys | undefined {
    const client = encoded(clientId);
    if (client === undefined || client === '') return undefined;
    return {
      index: `${this.#indexPrefix}{${client}}`,
      sessions: `${this.sessionPrefix}{${client}}:`,
      uses: `${this.#touchedPrefix}{${client}}:`,
      grants: `${this.#grantsPrefix}{${client}}`,
      grantEnds: `${this.#grantEndsPrefix}{${client}}`,
    };
  }

  /** The key of what may be used once. */
  used(id: string): string {
    return this.#usedPrefix + encodeURIComponent(id);
  }

  /** Which session a key belongs to; undefined when it is none of ours. */
  parse(key: string): (SessionKey & { readonly familyId: string }) | undefined {
    const [, client, family] = /^\{([^{}:]+)\}:([^{}:]*)$/.exec(key.slice(this.sessionPrefix.length)) ?? [];
    if (client === undefined || family === undefined || !key.startsWith(this.sessionPrefix)) return undefined;
    try {
      return { clientId: decodeURIComponent(client), familyId: decodeFamily(family) };
    } catch {
      return undefined;
    }
  }
}

/** The keys of one client. */
export interface RedisClientKeys {
  /** Sorted set: encoded family → when it was created, below zero once it is revoked. */
  readonly index: string;
  /** What an encoded family is put behind to make the key of its session. */
  readonly sessions: string;
  /** The same, to make the key of when it was last used. */
  readonly uses: string;
  /** Sorted set: encoded family of a session without a refresh token → when it was created; see grant-scripts.ts. */
  readonly grants: string;
  /** The same → its end. */
  readonly grantEnds: string;
}

/** @returns undefined when it is not well-formed Unicode */
export function encodeFamily(familyId: string): string | undefined {
  return encoded(familyId);
}

export function decodeFamily(family: string): string {
  return decodeURIComponent(family);
}

function encoded(text: string): string | undefined {
  try {
    return encodeURIComponent(text);
  } catch {
    return undefined;
  }
}
