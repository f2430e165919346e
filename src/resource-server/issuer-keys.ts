import { IssuerUnavailableError } from '../errors.js';
import type { MaybePromise } from '../sessions/token-store.js';
import { StoreFaultLog } from '../stores/store-fault-log.js';
import { IssuerFault, type IssuerAnswer } from './issuer-http.js';
import { IssuerKeySet } from './issuer-key-set.js';

/** Bounds of what the issuer says about how long its keys may be kept, and what counts where it says nothing. Seconds. */
const LEAST_AGE = 30;
const MOST_AGE = 600;
const USUAL_AGE = 300;
/** How long keys count while the issuer is away. */
const AWAY_MS = 86_400_000;
/** How often strangers may have the keys fetched again by naming unknown ones. */
const COOL_DOWN_MS = 10_000;
/** When a fetch is tried again that failed: without keys, and with older ones. */
const RETRY_MS = 1000;
const RENEW_MS = 10_000;

interface FetchedKeys {
  readonly keys: IssuerKeySet;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly staleAt: number;
  /** Which fetch brought them. */
  readonly fetch: number;
}

/**
 * The keys of an issuer: fetched when they are needed, renewed behind the requests' backs, never twice at once. With
 * the issuer away, those that are known go on for a day.
 */
export class IssuerKeys {
  readonly #issuer: string;
  readonly #fetch: () => Promise<IssuerAnswer>;
  readonly #now: () => number;
  readonly #log: StoreFaultLog;
  #known: FetchedKeys | undefined;
  #inFlight: Promise<IssuerKeySet> | undefined;
  #failure: { readonly error: IssuerUnavailableError; readonly at: number } | undefined;
  #askedAt: number | undefined;
  #looking: Promise<IssuerKeySet> | undefined;
  #fetches = 0;

  /**
   * @param fetch brings the JWK Set
   * @param now milliseconds since the epoch
   */
  constructor(issuer: string, fetch: () => Promise<IssuerAnswer>, now: () => number) {
    this.#issuer = issuer;
    this.#fetch = fetch;
    this.#now = now;
    this.#log = new StoreFaultLog(`The issuer ${issuer}`);
  }

  /**
   * The keys that count now; the same object for as long as they are the same keys.
   * @throws IssuerUnavailableError (or rejects with it) there are none, and the issuer cannot be asked
   */
  current(): MaybePromise<IssuerKeySet> {
    const known = this.#known;
    const now = this.#now();
    if (!known || now - known.at >= AWAY_MS) return this.#renew(now, RETRY_MS);
    if (now >= known.at && now < known.staleAt) return known.keys;
    const wasIdle = now - known.staleAt > known.staleAt - known.at;
    const renewal = this.#renew(now, RENEW_MS).catch(() => known.keys);
    // After a quiet time nobody knows what has changed; but while the issuer is away, nobody waits for it.
    return wasIdle && !this.#failure ? renewal : known.keys;
  }

  /** How many fetches were begun: to be read when a token comes. */
  get fetches(): number {
    return this.#fetches;
  }

  /** Whether a key of this name is known, as long as any is. */
  knows(kid: string): boolean {
    return this.#known?.keys.has(kid) ?? true;
  }

  /**
   * Newer keys than these, because a token is of one that is not among them: those that others have fetched meanwhile, or
   * fetch now, else fetched anew; undefined where that was done just now.
   * @param fetches how many fetches had begun when the token came
   */
  lookAgain(keys: IssuerKeySet, fetches: number): MaybePromise<IssuerKeySet> | undefined {
    const now = this.#now();
    if (this.#known && this.#known.keys !== keys) return this.#known.keys;
    if (this.#known && this.#known.fetch > fetches) return undefined;
    if (this.#looking) return this.#looking;
    if (this.#askedAt !== undefined && isWithin(this.#askedAt, COOL_DOWN_MS, now)) return undefined;
    this.#askedAt = now;
    // What is under way may have begun before the issuer had the key.
    const before = this.#inFlight?.catch(() => undefined) ?? Promise.resolve();
    this.#looking = before.then(() => this.#renew(now, 0)).finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  #renew(now: number, retryAfter: number): Promise<IssuerKeySet> {
    if (this.#inFlight) return this.#inFlight;
    const { error, at } = this.#failure ?? { error: undefined, at: 0 };
    if (error && isWithin(at, retryAfter, now)) return Promise.reject(error);
    this.#inFlight = this.#load().finally(() => (this.#inFlight = undefined));
    return this.#inFlight;
  }

  async #load(): Promise<IssuerKeySet> {
    const fetch = ++this.#fetches;
    try {
      const { document, maxAge = USUAL_AGE } = await this.#fetch();
      const fetched = await IssuerKeySet.of(document);
      if (!fetched) throw new IssuerFault('what it answered is not a JWK Set of at most 100 keys');
      if (fetched.size === 0)
        throw new IssuerFault(
          'its JWK Set has no key that can be used; tokens signed with a secret need introspection',
        );
      const keys = this.#known?.keys.equals(fetched) ? this.#known.keys : fetched;
      const at = this.#now();
      const age = Math.min(Math.max(maxAge, LEAST_AGE), MOST_AGE);
      this.#known = { keys, at, staleAt: at + age * 1000, fetch };
      this.#failure = undefined;
      return keys;
    } catch (fault) {
      const reason = fault instanceof IssuerFault ? fault.message : 'its keys could not be read';
      this.#log.tell(reason);
      const error = new IssuerUnavailableError(
        `The issuer ${this.#issuer} is not available: ${reason}. Try again later.`,
      );
      this.#failure = { error, at: this.#now() };
      throw error;
    }
  }
}

/** A clock that was set back begins anew. */
function isWithin(since: number, milliseconds: number, now: number): boolean {
  return now >= since && now - since < milliseconds;
}
