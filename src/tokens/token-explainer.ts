import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '../clock.js';
import { FASTAUTH_CONFIG, type FastauthConfig } from '../config/fastauth-config.js';
import { ActiveKeyRing } from '../keys/active-key-ring.js';
import { TokenStore } from '../sessions/token-store.js';
import { TokenCodecs } from './codecs/token-codecs.js';
import type { TokenType } from './token-claims.js';
import { type ExplainedStep, explainToken } from './token-explanation.js';
import { TokenVerifier } from './token-verifier.js';

/** Says what is decided about a token by the keys and the store of this application. No use of a session is counted. */
@Injectable()
export class TokenExplainer {
  private readonly verifier: TokenVerifier | undefined;

  constructor(
    @Inject(FASTAUTH_CONFIG) private readonly config: FastauthConfig,
    @Inject(ActiveKeyRing) keys: ActiveKeyRing | undefined,
    private readonly store: TokenStore,
    private readonly clock: Clock,
  ) {
    // It is asked now and then, and looks at everything each time.
    const remembering = { ...config, verifiedTokenCacheSize: 1 };
    this.verifier = keys && new TokenVerifier(new TokenCodecs(keys, config), keys, store, clock, remembering);
  }

  /**
   * Nothing where there is no key.
   * @param type what it has to be; undefined: what it says
   */
  async explain(token: string, type?: TokenType): Promise<readonly ExplainedStep[]> {
    const { verifier, store, config, clock } = this;
    return verifier ? explainToken(token, type, { verifier, store, config, now: clock.now() / 1000 }) : [];
  }
}
