import type { FastauthConfig } from '../config/fastauth-config.js';
import type { FastauthEvents } from '../events/fastauth-events.js';
import type { SessionRecord } from '../sessions/session-record.js';
import { digestOf } from '../sessions/token-digest.js';
import type { TokenStore } from '../sessions/token-store.js';
import { type ClaimRulesConfig, issuerClaims } from './claim-rules.js';
import type { TokenCodec } from './codecs/token-codec.js';
import type { IssuanceDefaults, IssuanceDefaultsOf } from './issuance-defaults.js';
import { ownClaims } from './own-claims.js';
import { saving } from './saving.js';
import type { SessionBeginnings } from './session-beginnings.js';
import { newFamilyId, randomId, recordClaims } from './token-minter.js';

/** What to issue. Durations are seconds. */
export interface AccessOnlyOptions {
  readonly clientId: string;
  readonly scopes: readonly string[];
  /** In place of the configured `audience`; empty: that one. */
  readonly audience: readonly string[];
  /** Default: what `issuanceDefaults` says, or `client-credentials-expires-in`. */
  readonly expiresIn: number | undefined;
}

/** An access token without a refresh token. Times are epoch seconds. */
export interface IssuedAccess {
  readonly clientId: string;
  readonly familyId: string;
  readonly accessToken: string;
  readonly issuedAt: number;
  readonly accessExpiresAt: number;
}

type IssuerConfig = Pick<FastauthConfig, 'clientCredentialsExpiresIn' | 'sessionsPerCredentialClient'> &
  ClaimRulesConfig;

/** Begins sessions that are not refreshed: one per grant. @see RFC 6749 section 4.4.3 */
export class AccessOnlyIssuer {
  constructor(
    private readonly codec: TokenCodec,
    private readonly store: TokenStore,
    private readonly events: FastauthEvents,
    private readonly config: IssuerConfig,
    private readonly defaultsOf: IssuanceDefaultsOf | undefined,
    private readonly beginnings: SessionBeginnings,
  ) {}

  async issue({ clientId, scopes, audience, expiresIn }: AccessOnlyOptions): Promise<IssuedAccess> {
    const defaults: IssuanceDefaults = this.defaultsOf
      ? await this.defaultsOf({ clientId, label: undefined, claims: undefined })
      : {};
    const claims = defaults.claims === undefined ? {} : ownClaims(defaults.claims);
    const { ring } = this.codec;
    const createdAt = this.beginnings.next();
    const issuedAt = Math.floor(createdAt);
    const lifetime = expiresIn ?? defaults.accessTokenExpiresIn ?? this.config.clientCredentialsExpiresIn;
    const accessExpiresAt = issuedAt + lifetime;
    const familyId = newFamilyId(createdAt);
    const scope = scopes.length === 0 ? undefined : scopes.join(' ');
    const rules = audience.length === 0 ? this.config : { ...this.config, audience };
    const signed = this.codec.sign(
      {
        ...issuerClaims(rules, clientId),
        ...(this.codec.carriesClaims ? claims : {}),
        ...(scope === undefined ? {} : { scope }),
        ...(this.config.accessTokenProfile === 'at+jwt' ? { auth_time: issuedAt } : {}),
        client_id: clientId,
        fam: familyId,
        iat: issuedAt,
        type: 'access',
        jti: randomId(),
        exp: accessExpiresAt,
      },
      ring,
    );
    const accessToken = typeof signed === 'string' ? signed : await signed;
    const record: SessionRecord = {
      familyId,
      clientId,
      generation: 0,
      accessHash: digestOf(accessToken),
      accessExpiresAt,
      createdAt,
      kid: this.codec.kidOf(ring),
      claims: recordClaims(this.codec, { claims, scope }),
      scope,
    };
    const { sessionsPerCredentialClient } = this.config;
    const ended = await saving(
      clientId,
      this.store.insert(record, { accessToken }, sessionsPerCredentialClient),
    );
    this.events.emit({ type: 'token.issued', clientId, familyId });
    for (const session of ended) {
      this.events.emit({ type: 'session.superseded', clientId, familyId: session.familyId });
    }
    return { clientId, familyId, accessToken, issuedAt, accessExpiresAt };
  }
}
