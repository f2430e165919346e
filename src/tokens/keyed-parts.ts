import type { Clock } from '../clock.js';
import type { FastauthConfig } from '../config/fastauth-config.js';
import type { FastauthEvents } from '../events/fastauth-events.js';
import type { ActiveKeyRing } from '../keys/active-key-ring.js';
import type { TokenStore } from '../sessions/token-store.js';
import { AccessOnlyIssuer } from './access-only-issuer.js';
import { TokenCodecs } from './codecs/token-codecs.js';
import { type ForeignTokens, ForeignTokenVerifier } from './foreign-tokens.js';
import type { IssuanceDefaultsOf } from './issuance-defaults.js';
import { LastUses } from './last-uses.js';
import { SessionBeginnings } from './session-beginnings.js';
import { TokenInspector } from './token-inspector.js';
import { TokenIssuer } from './token-issuer.js';
import { TokenRefresher } from './token-refresher.js';
import { TokenVerifier } from './token-verifier.js';

/** The parts of `TokenService` that exist only with a cryptography key. */
export interface KeyedParts {
  readonly issuer: TokenIssuer;
  readonly accessOnly: AccessOnlyIssuer;
  readonly verifier: TokenVerifier;
  readonly refresher: TokenRefresher;
  readonly inspector: TokenInspector;
  readonly foreign: ForeignTokenVerifier | undefined;
}

interface Needed {
  readonly keys: ActiveKeyRing;
  readonly store: TokenStore;
  readonly clock: Clock;
  readonly events: FastauthEvents;
  readonly config: FastauthConfig;
  readonly issuanceDefaults: IssuanceDefaultsOf | undefined;
  readonly foreignTokens: ForeignTokens | undefined;
}

export function keyedParts(needed: Needed): KeyedParts {
  const { keys, store, clock, events, config, issuanceDefaults, foreignTokens } = needed;
  const codec = new TokenCodecs(keys, config);
  const foreign = foreignTokens && new ForeignTokenVerifier(foreignTokens, keys, store, config);
  const uses = config.trackLastUsed > 0 ? new LastUses(store, config.trackLastUsed) : undefined;
  const verifier = new TokenVerifier(codec, keys, store, clock, config, foreign, uses);
  const beginnings = new SessionBeginnings(clock);
  const issuing = [codec, store, events, config, issuanceDefaults, beginnings] as const;
  return {
    issuer: new TokenIssuer(...issuing),
    accessOnly: new AccessOnlyIssuer(...issuing),
    verifier,
    refresher: new TokenRefresher(verifier, codec, store, clock, events, config, issuanceDefaults),
    inspector: new TokenInspector(verifier, store, clock, config),
    foreign,
  };
}
