import type { MaybePromise, SessionWatcher } from '../sessions/token-store.js';
import type { Principal } from './principal.js';
import type { TokenFault } from './token-fault.js';
import type { TokenReference, TokenStatus } from './token-status.js';
import type { CacheLookups } from './token-verifier.js';
import type { LastSeen } from './verified-tokens.js';

/**
 * What guards, handshakes and sockets ask about access tokens: `TokenService` where they are issued, and in a resource
 * server whatever knows the tokens of its issuers.
 */
export abstract class AccessTokens {
  /** How often a token was known without being verified again, and how often not, since the start. */
  abstract readonly cacheLookups: CacheLookups;

  /**
   * Verifies an access token. A refusal is a value; there is no promise where none is needed.
   * @param connection what the token came over, if that may keep the token's text for as long as it lasts
   * @throws CryptoKeyNotSetError
   * @throws StoreUnavailableError (or rejects with it)
   */
  abstract check(accessToken: string, connection?: object): MaybePromise<Principal | TokenFault>;

  /** What the last look at this access token found, if there was one lately; nobody is asked. */
  abstract lastSeen(accessToken: string): LastSeen | undefined;

  /** Whether the token names a key that is not known here, so that others may have to be asked for it. */
  abstract namesUnknownKey(token: string): boolean;

  /**
   * How a token stands that verified before.
   * @throws StoreUnavailableError (or rejects with it)
   */
  abstract status(token: TokenReference): MaybePromise<TokenStatus>;

  /** As {@link status}, for whoever lives as long as the token's session: refreshing ends nothing. */
  abstract sessionStatus(token: TokenReference): MaybePromise<TokenStatus>;

  /**
   * When the token's session ends unless it is refreshed before: epoch seconds; undefined where it has ended.
   * @throws StoreUnavailableError
   */
  abstract sessionEnd(token: TokenReference): Promise<number | undefined>;

  /** Rejects with what keeps tokens from being verified now. */
  abstract ping(): Promise<void>;

  /** Hears of sessions that changed or ended. @returns a function that ends the watch */
  abstract watch(watcher: SessionWatcher): () => void;
}
