import { createHmac, createSecretKey, randomUUID, timingSafeEqual, type KeyObject } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { cookieValue } from '../access/cookie-value.js';
import type { Clock } from '../clock.js';
import type { FastauthConfig } from '../config/fastauth-config.js';
import { CryptoKeyNotSetError } from '../errors.js';
import { derivedSecret } from '../keys/derived-key.js';
import { isAccepted, type RingKey } from '../keys/ring-key.js';
import type { KeyRingWatcher } from '../tokens/key-ring-watcher.js';

const NAME = '__Host-fastauth-console';
const ATTRIBUTES = 'Path=/; HttpOnly; Secure; SameSite=Strict';
/** Seconds for which signing in is good. */
const LIFETIME = 15 * 60;
/** Longer values are not looked at. */
const MOST_CHARACTERS = 1024;
const MOST_ENDED = 10_000;

/** Somebody who has signed in. */
export interface ConsoleSession {
  readonly id: string;
  /** Of the master token. */
  readonly name: string;
  /** Epoch seconds. */
  readonly expiresAt: number;
}

type Written = readonly [id: string, name: string, expiresAt: number, kid: string];

/**
 * The cookie of who has signed in: what it says, and an HMAC of that. Its key is derived from the ring's signing key and
 * the hash of the master token and the name of the application, so that every process with the same configuration
 * accepts it, and none any more once either secret is replaced. It opens nothing but the console. What was signed out of
 * is refused by this process alone.
 */
export class ConsoleCookie {
  private readonly ended = new LRUCache<string, true>({ max: MOST_ENDED });

  constructor(
    private readonly config: Pick<FastauthConfig, 'masterTokens' | 'appName'>,
    private readonly keys: Pick<KeyRingWatcher, 'active'>,
    private readonly clock: Clock,
  ) {}

  /**
   * A `Set-Cookie` header for who has shown the master token of this name.
   * @throws CryptoKeyNotSetError
   */
  issue(name: string): { readonly header: string; readonly session: ConsoleSession } {
    const key = this.keys.active?.current.signingKey;
    const secret = key && this.secretOf(key, name);
    if (!secret) throw new CryptoKeyNotSetError();
    const now = Math.floor(this.clock.now() / 1000);
    const masterEnd = this.masterToken(name)?.expiresAt ?? Infinity;
    const session = { id: randomUUID(), name, expiresAt: Math.min(now + LIFETIME, Math.floor(masterEnd)) };
    const written: Written = [session.id, name, session.expiresAt, key.kid];
    const payload = Buffer.from(JSON.stringify(written)).toString('base64url');
    const value = `${payload}.${macOf(payload, secret).toString('base64url')}`;
    const header = `${NAME}=${value}; Max-Age=${session.expiresAt - now}; ${ATTRIBUTES}`;
    return { header, session };
  }

  /** Who has signed in, by a `Cookie` header; undefined: nobody, or not any more. */
  read(header: string | undefined): ConsoleSession | undefined {
    const value = cookieValue(header, NAME);
    if (typeof value !== 'string' || value.length > MOST_CHARACTERS) return undefined;
    const [payload = '', mac = '', ...more] = value.split('.');
    const written = more.length === 0 ? parseWritten(payload) : undefined;
    if (!written) return undefined;
    const [id, name, expiresAt, kid] = written;
    const now = this.clock.now() / 1000;
    const isGenuine = this.keys.active?.current
      .candidates(kid)
      .filter((key) => isAccepted(key, now))
      .some((key) => this.isMac(mac, payload, this.secretOf(key, name)));
    if (!isGenuine || expiresAt <= now || this.ended.has(id)) return undefined;
    return { id, name, expiresAt };
  }

  /** Ends it here, and has the browser forget it. @returns a `Set-Cookie` header */
  end(session: ConsoleSession): string {
    this.ended.set(session.id, true);
    return `${NAME}=; Max-Age=0; ${ATTRIBUTES}`;
  }

  private isMac(sent: string, payload: string, secret: KeyObject | undefined): boolean {
    if (!secret) return false;
    const own = Buffer.from(macOf(payload, secret).toString('base64url'));
    const other = Buffer.from(sent);
    return own.length === other.length && timingSafeEqual(own, other);
  }

  /** Undefined where there is no such master token any more, or only the public part of the key. */
  private secretOf({ issuingKey, acceptingKey }: RingKey, name: string): KeyObject | undefined {
    const master = this.masterToken(name);
    const key = issuingKey ?? acceptingKey;
    if (!master || key.type === 'public') return undefined;
    const secret =
      key.type === 'secret' ? key : createSecretKey(key.export({ format: 'der', type: 'pkcs8' }));
    return derivedSecret(secret, `console v1 ${master.hash} ${this.config.appName}`);
  }

  private masterToken(name: string): FastauthConfig['masterTokens'][number] | undefined {
    const now = this.clock.now() / 1000;
    return this.config.masterTokens.find(
      (token) => token.name === name && (token.expiresAt === undefined || now < token.expiresAt),
    );
  }
}

function macOf(payload: string, secret: KeyObject): Buffer {
  return createHmac('sha256', secret).update(payload).digest();
}

function parseWritten(payload: string): Written | undefined {
  try {
    const [id, name, expiresAt, kid] = JSON.parse(Buffer.from(payload, 'base64url').toString()) as unknown[];
    if (typeof id !== 'string' || typeof name !== 'string' || typeof kid !== 'string') return undefined;
    return typeof expiresAt === 'number' ? [id, name, expiresAt, kid] : undefined;
  } catch {
    return undefined;
  }
}
