import { LRUCache } from 'lru-cache';
import type { Clock } from '../clock.js';
import type { JsonObject } from '../json.js';
import type { ActiveKeyRing } from '../keys/active-key-ring.js';
import type { KeyRing } from '../keys/key-ring.js';
import type { Principal } from './principal.js';
import { readClaims, type TokenClaims } from './token-claims.js';
import { TokenFault } from './token-fault.js';

/** A token whose signature and claims hold, kept so that they need not be computed again. */
export interface VerifiedToken {
  readonly digest: string;
  /** The ring it was verified with: under another one it is verified again, since its key may be gone. */
  readonly ring: KeyRing;
  /** When it ends, or its key does: epoch seconds. */
  readonly endsAt: number;
  /** What it says; once its session was found, the principal says the same, and is all that is kept. */
  bearer: TokenClaims | AccessPrincipal;
  /** Whether the store said so when it was asked last. */
  wasCurrent: boolean;
  /** From when its use is told again (epoch seconds); undefined: never. */
  nextUseAt: number | undefined;
}

/** The principal of an access token, which always has a client. */
export type AccessPrincipal = Principal & { readonly clientId: string };

/** What is known of a token without asking the store. */
export interface LastSeen {
  readonly clientId: string;
  readonly wasCurrent: boolean;
}

/** Of those that were used last, the principal is kept; it takes twice the memory of what the token says as text. */
const MOST_READY = 1000;

/**
 * The tokens that verified, by their digests, bounded by count. The store says of each request whether its token is
 * still good, so that nothing here lets anybody in.
 */
export class VerifiedTokens {
  readonly #ready: LRUCache<string, VerifiedToken>;
  /** What the others say, as JSON; all of them were current, and verified with the ring of the name below. */
  readonly #texts: LRUCache<string, string> | undefined;
  #ringOfTexts: KeyRing;

  /**
   * @param size how many there may be
   * @param tolerance seconds by which clocks may differ
   */
  constructor(
    size: number,
    private readonly keys: Pick<ActiveKeyRing, 'current'>,
    private readonly tolerance: number,
    private readonly clock: Clock,
  ) {
    const ready = Math.min(size, MOST_READY);
    this.#ringOfTexts = keys.current;
    this.#texts = size > ready ? new LRUCache({ max: size - ready }) : undefined;
    this.#ready = new LRUCache({
      max: ready,
      dispose: (token, _, reason) => {
        if (reason === 'evict') this.#keepText(token);
      },
    });
  }

  get(digest: string): VerifiedToken | undefined {
    const ready = this.#ready.get(digest);
    if (ready !== undefined) return ready.ring === this.keys.current ? ready : undefined;
    return this.#texts && this.#fromText(digest);
  }

  set(token: VerifiedToken): void {
    this.#ready.set(token.digest, token);
  }

  delete(digest: string): void {
    this.#ready.delete(digest);
    this.#texts?.delete(digest);
  }

  lastSeen(digest: string): LastSeen | undefined {
    const ready = this.#ready.peek(digest);
    if (ready) return { clientId: ready.bearer.clientId, wasCurrent: ready.wasCurrent };
    const text = this.#textsInForce()?.peek(digest);
    if (text === undefined) return undefined;
    return { clientId: (JSON.parse(text) as { client_id: string }).client_id, wasCurrent: true };
  }

  /** Of a token that its session has replaced, or whose key ends before it, nothing is worth keeping. */
  #keepText({ bearer, digest, ring, endsAt, wasCurrent }: VerifiedToken): void {
    const texts = this.#textsInForce();
    if (!wasCurrent || ring !== this.#ringOfTexts || !('level' in bearer)) texts?.delete(digest);
    else if (bearer.expiresAt === undefined || endsAt !== bearer.expiresAt + this.tolerance) return;
    // What it says was kept when it had to make room before.
    else if (texts?.get(digest) === undefined) texts?.set(digest, flat(JSON.stringify(bearer.claims)));
  }

  #fromText(digest: string): VerifiedToken | undefined {
    const texts = this.#textsInForce();
    const text = texts?.get(digest);
    if (text === undefined) return undefined;
    const now = this.clock.now() / 1000;
    const claims = readClaims(JSON.parse(text) as JsonObject, 'access', now, this.tolerance);
    if (claims instanceof TokenFault) return undefined;
    const token = {
      digest,
      ring: this.#ringOfTexts,
      endsAt: claims.expiresAt + this.tolerance,
      bearer: claims,
      wasCurrent: true,
      nextUseAt: 0,
    };
    this.set(token);
    return token;
  }

  #textsInForce(): LRUCache<string, string> | undefined {
    if (this.#ringOfTexts !== this.keys.current) {
      this.#texts?.clear();
      this.#ringOfTexts = this.keys.current;
    }
    return this.#texts;
  }
}

/** What JSON.stringify gives is in pieces, which take half as much memory again. */
function flat(text: string): string {
  return Buffer.from(text).toString();
}
