import type { Clock } from '../clock.js';
import type { FastauthConfig } from '../config/fastauth-config.js';
import type { JsonObject } from '../json.js';
import { findSession } from '../sessions/legacy-family.js';
import type { SessionKey, SessionRecord } from '../sessions/session-record.js';
import { digestOf } from '../sessions/token-digest.js';
import type { TokenStore } from '../sessions/token-store.js';
import { allClaims, authTimeOf, readOwner, sessionScopeOf, type TokenType } from './token-claims.js';
import { TokenFault } from './token-fault.js';
import type { TokenVerifier } from './token-verifier.js';

/** What introspection tells. Of a token that is not good it tells nothing more. @see RFC 7662 section 2.2 */
export type TokenState =
  | { readonly active: false }
  | {
      readonly active: true;
      readonly type: TokenType;
      readonly clientId: string;
      /** All claims of the token, the application's own among them. */
      readonly claims: JsonObject;
    };

const INACTIVE: TokenState = Object.freeze({ active: false });

/** Looks at tokens of either type, for introspection and revocation. */
export class TokenInspector {
  constructor(
    private readonly verifier: TokenVerifier,
    private readonly store: TokenStore,
    private readonly clock: Clock,
    private readonly config: Pick<FastauthConfig, 'familyMaxAge' | 'clockTolerance'>,
  ) {}

  /**
   * @param isForAnybody whether it does not matter whom the token is for
   * @throws StoreUnavailableError
   */
  async introspect(token: string, isForAnybody = false): Promise<TokenState> {
    const read = this.verifier.readKnown(token, isForAnybody);
    const known = read instanceof Promise ? await read : read;
    if (known instanceof TokenFault) return INACTIVE;
    const { claims, digest } = known;
    const found = findSession(this.store, claims, { fresh: true });
    const record = found instanceof Promise ? await found : found;
    if (!record || record.clientId !== claims.clientId || record.revokedAt !== undefined) return INACTIVE;
    const isCurrent =
      claims.type === 'access'
        ? digest === record.accessHash
        : digest === record.refreshHash && this.canBeRefreshed(record);
    if (!isCurrent) return INACTIVE;
    const authTime = authTimeOf(claims, record);
    // A record that keeps the claims of both tokens has the scope of the access token there.
    const scope = claims.type === 'refresh' ? sessionScopeOf(claims, record) : undefined;
    return {
      active: true,
      type: claims.type,
      clientId: claims.clientId,
      claims: {
        ...allClaims(claims, record),
        ...(scope === undefined ? {} : { scope }),
        ...(authTime === undefined ? {} : { auth_time: authTime }),
      },
    };
  }

  /**
   * The session that this token ends: that of any token of ours which has not expired, whatever its generation, `iat`
   * or `nbf`, whatever issuer and formats this process expects. Whoever logs out with a token that another tab has just
   * had refreshed, or at a process whose clock is behind, is told that the session has ended. A token without a family
   * ends the session that it is known to be of.
   * @see RFC 7009 section 2.1
   * @throws StoreUnavailableError
   */
  async sessionToRevoke(token: string): Promise<SessionKey | undefined> {
    const decoded = await this.verifier.decodeAny(token);
    if (decoded instanceof TokenFault) return undefined;
    const now = this.clock.now() / 1000;
    const owner = readOwner(decoded.payload, now, this.config.clockTolerance);
    if (owner === undefined || owner.familyId !== undefined) return owner;
    const record = await findSession(this.store, owner, { fresh: true });
    if (!record || record.clientId !== owner.clientId) return undefined;
    const known = [record.accessHash, record.refreshHash, record.previousRefreshHash];
    return known.includes(digestOf(token)) ? record : undefined;
  }

  private canBeRefreshed(record: SessionRecord): boolean {
    return Math.floor(record.createdAt) + this.config.familyMaxAge > this.clock.now() / 1000;
  }
}
