import type { FastauthConfig } from '../config/fastauth-config.js';
import type { JsonObject } from '../config/strict-json.js';
import type { TokenStore } from '../stores/token-store.js';
import type { Clock } from './clock.js';
import type { SessionRecord } from './session-record.js';
import { allClaims, type TokenType } from './token-claims.js';
import { digestOf } from './token-digest.js';
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
    private readonly config: Pick<FastauthConfig, 'familyMaxAge'>,
  ) {}

  /** @throws StoreUnavailableError */
  async introspect(token: string): Promise<TokenState> {
    const claims = await this.verifier.readToken(token);
    if (claims instanceof TokenFault) return INACTIVE;
    const record = await this.store.find(claims, { fresh: true });
    if (!record || record.clientId !== claims.clientId || record.revokedAt !== undefined) return INACTIVE;
    const digest = digestOf(token);
    const isCurrent =
      claims.type === 'access'
        ? digest === record.accessHash
        : digest === record.refreshHash && this.canBeRefreshed(record);
    if (!isCurrent) return INACTIVE;
    return { active: true, type: claims.type, clientId: claims.clientId, claims: allClaims(claims, record) };
  }

  /** The session that this token may end. @throws StoreUnavailableError */
  async sessionToRevoke(token: string): Promise<SessionRecord | undefined> {
    const claims = await this.verifier.readToken(token);
    if (claims instanceof TokenFault) return undefined;
    const record = await this.store.find(claims, { fresh: true });
    if (!record || record.clientId !== claims.clientId) return undefined;
    const digest = digestOf(token);
    const isCurrent = digest === record.accessHash || digest === record.refreshHash;
    const isSpent = claims.type === 'refresh' && claims.familyId === record.familyId;
    return isCurrent || isSpent ? record : undefined;
  }

  private canBeRefreshed(record: SessionRecord): boolean {
    return record.createdAt + this.config.familyMaxAge > this.clock.now() / 1000;
  }
}
