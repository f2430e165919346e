import type { FastauthConfig } from '../config/fastauth-config.js';
import { KeySources } from '../config/key-sources.js';
import { ActiveKeyRing } from '../keys/active-key-ring.js';
import type { MaybePromise, TokenStore } from '../sessions/token-store.js';
import { FastauthEvents } from '../events/fastauth-events.js';
import { type Clock, SystemClock } from '../clock.js';
import { TokenCodecs } from '../tokens/codecs/token-codecs.js';
import type { TokenClaims } from '../tokens/token-claims.js';
import type { TokenFault } from '../tokens/token-fault.js';
import { TokenExplainer } from '../tokens/token-explainer.js';
import { TokenVerifier } from '../tokens/token-verifier.js';
import { TokenService } from '../tokens/token.service.js';
import { CommandError, EXIT } from './command-output.js';
import { withStore } from './with-store.js';

/** What commands do tokens with, outside of an application. */
export interface TokenTools {
  readonly service: TokenService;
  readonly explainer: TokenExplainer;
  readonly store: TokenStore;
  readonly clock: Clock;
  /** Signature, form and claims; the store is not asked. */
  readToken(token: string): MaybePromise<TokenClaims | TokenFault>;
}

/**
 * Runs an action on the configured keys and store, and closes the store.
 * @throws CommandError there is no key, or the store is one that only the application's process has
 */
export async function withTokenTools<T>(
  config: FastauthConfig,
  action: (tools: TokenTools) => Promise<T>,
): Promise<T> {
  const clock = new SystemClock();
  const ring = (await new KeySources(config).load()).ringAt(clock.now() / 1000);
  if (ring === undefined) {
    throw new CommandError(
      'There is no cryptography-key. Make one with "fastauth keys generate".',
      EXIT.misuse,
    );
  }
  const keys = new ActiveKeyRing(ring);
  return withStore(config, async (store) => {
    const verifier = new TokenVerifier(new TokenCodecs(keys, config), keys, store, clock, config);
    return await action({
      service: new TokenService(config, keys, store, clock, new FastauthEvents()),
      explainer: new TokenExplainer(config, keys, store, clock),
      store,
      clock,
      readToken: (token) => verifier.readToken(token),
    });
  });
}
