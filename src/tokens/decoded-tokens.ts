import { LRUCache } from 'lru-cache';
import type { JsonObject } from '../json.js';
import type { ActiveKeyRing } from '../keys/active-key-ring.js';
import type { KeyRing } from '../keys/key-ring.js';
import type { DecodedToken } from './codecs/token-codec.js';

/** A token whose signature holds, and the ring that says so. */
export type RingedToken = DecodedToken & { readonly ring: KeyRing };

type KeptToken = Omit<RingedToken, 'payload'> & { readonly payload: string };

/**
 * Tokens that were introspected, by their digests, so that their signatures need not be verified again. Everything
 * else about them is judged each time, and whoever asks gets claims of its own.
 */
export class DecodedTokens {
  /** Made with the first of them: an application that does not introspect needs none, and starts sooner without. */
  #kept: LRUCache<string, KeptToken> | undefined;

  /** @param size how many are kept */
  constructor(
    private readonly size: number,
    private readonly keys: Pick<ActiveKeyRing, 'current'>,
  ) {}

  /** @param now epoch seconds; undefined where its key may be good no more */
  get(digest: string, now: number): RingedToken | undefined {
    const kept = this.#kept?.get(digest);
    if (kept === undefined || kept.ring !== this.keys.current || kept.keyEndsAt <= now) return undefined;
    return { ...kept, payload: JSON.parse(kept.payload) as JsonObject };
  }

  set(digest: string, { payload, isAccessTokenJwt, keyEndsAt, ring }: RingedToken): void {
    this.#kept ??= new LRUCache({ max: this.size });
    this.#kept.set(digest, { payload: JSON.stringify(payload), isAccessTokenJwt, keyEndsAt, ring });
  }
}
