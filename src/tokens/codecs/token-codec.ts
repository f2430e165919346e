import type { JsonObject } from '../../json.js';
import type { KeyRing } from '../../keys/key-ring.js';
import type { MaybePromise } from '../../sessions/token-store.js';
import type { TokenFault } from '../token-fault.js';

/** What a token says, after its form and its signature (or seal) were found to hold. */
export interface DecodedToken {
  readonly payload: JsonObject;
  /** Whether its header says `at+jwt`. @see RFC 9068 section 2.1 */
  readonly isAccessTokenJwt: boolean;
  /** When the key it was made with stops being accepted, epoch seconds. */
  readonly keyEndsAt: number;
}

/** A way to write a token. Codecs answer without a promise where they can, which keeps guards synchronous. */
export interface TokenCodec {
  /** The ring in force. What is signed together is signed with one ring, whatever happens meanwhile. */
  readonly ring: KeyRing;
  /** Whether tokens carry the application's own claims; otherwise the session's record keeps them. */
  readonly carriesClaims: boolean;

  /**
   * Which key of a ring makes tokens; what sessions remember (see `SessionRecord`).
   * @throws ConfigError the key ring has no key for it
   */
  kidOf(ring: KeyRing): string;

  /**
   * Writes a token.
   * @param payload its claims, `type` among them
   * @param ring default: the one in force
   * @throws ConfigError the key ring has no key for it
   */
  sign(payload: JsonObject, ring?: KeyRing): MaybePromise<string>;

  /**
   * The payload of a token whose form and signature hold; times and claims are not looked at.
   * @param now epoch seconds, for keys that end
   */
  decode(token: string, now: number): MaybePromise<DecodedToken | TokenFault>;
}
