import { randomUUID } from 'node:crypto';
import type { FastauthConfig } from '../config/fastauth-config.js';
import { SETTINGS } from '../config/settings.js';
import { InvalidRequestError } from '../errors.js';
import type { JsonObject } from '../json.js';
import type { FastauthEvents } from '../events/fastauth-events.js';
import { clientIdFault } from '../sessions/client-id.js';
import { assertLabel } from '../sessions/label.js';
import type { RefreshableSession } from '../sessions/session-record.js';
import { digestOf } from '../sessions/token-digest.js';
import type { TokenStore } from '../sessions/token-store.js';
import { type ClaimRulesConfig, issuerClaims } from './claim-rules.js';
import type { TokenCodec } from './codecs/token-codec.js';
import type { IssuanceDefaultsOf } from './issuance-defaults.js';
import { ISSUE_OPTIONS, issuedTokens, type IssuedTokens, type IssueOptions } from './issued-tokens.js';
import { assertKnownOptions } from './known-options.js';
import { ownClaims } from './own-claims.js';
import { parseScope, scopeOf } from './scopes.js';
import { saving } from './saving.js';
import type { SessionBeginnings } from './session-beginnings.js';
import { mintPair, newFamilyId, recordClaims } from './token-minter.js';
import { TokenTooLongError } from './token-too-long.error.js';

type IssuerConfig = Pick<
  FastauthConfig,
  'accessTokenExpiresIn' | 'refreshTokenExpiresIn' | 'familyMaxAge' | 'sessionsPerClient' | 'scopes'
> &
  ClaimRulesConfig;

/** Begins sessions: mints their first pair and stores them. */
export class TokenIssuer {
  constructor(
    private readonly codec: TokenCodec,
    private readonly store: TokenStore,
    private readonly events: FastauthEvents,
    private readonly config: IssuerConfig,
    private readonly defaultsOf: IssuanceDefaultsOf | undefined,
    private readonly beginnings: SessionBeginnings,
  ) {}

  /** See `TokenService.issue`. */
  async issue(options: IssueOptions): Promise<IssuedTokens> {
    assertKnownOptions('issue()', options, ISSUE_OPTIONS);
    const clientId = options.clientId === undefined ? randomUUID() : options.clientId;
    const fault = clientIdFault(clientId);
    if (fault)
      throw new InvalidRequestError(`client_id ${fault}`, 422, [{ parameter: 'client_id', message: fault }]);
    const { label } = options;
    assertLabel(label);
    const { claims: own, scopes } = splitScope(options);
    const given = ownClaims(own);
    const defaults = (await this.defaultsOf?.({ clientId, label, claims: undefined })) ?? {};
    const defaultClaims = ownClaims(defaults.claims ?? {});
    const claims = { ...defaultClaims, ...given };

    const scope = scopeOf(scopes ?? defaults.scopes, this.config.scopes);

    const createdAt = this.beginnings.next();
    const now = Math.floor(createdAt);
    const endOf = (name: 'accessTokenExpiresIn' | 'refreshTokenExpiresIn'): number => {
      const seconds = lifetime(name, options[name] ?? defaults[name] ?? this.config[name]);
      return now + Math.min(seconds, this.config.familyMaxAge);
    };
    const template = {
      clientId,
      familyId: newFamilyId(createdAt),
      generation: 0,
      issuedAt: now,
      accessExpiresAt: endOf('accessTokenExpiresIn'),
      refreshExpiresAt: endOf('refreshTokenExpiresIn'),
      issuerClaims: issuerClaims(this.config, clientId),
      claims,
      scope,
      sessionScope: scope,
      authTime: this.config.accessTokenProfile === 'at+jwt' ? now : undefined,
      defaulted: [
        ...Object.keys(defaultClaims).filter((name) => !Object.hasOwn(given, name)),
        ...(options.scopes === undefined && scope !== undefined ? ['scope'] : []),
      ],
    };
    const { pair, kid } = await mintPair(this.codec, template).catch(tooLarge);
    const record: RefreshableSession = {
      familyId: template.familyId,
      clientId,
      generation: 0,
      accessHash: digestOf(pair.accessToken),
      accessExpiresAt: template.accessExpiresAt,
      refreshHash: digestOf(pair.refreshToken),
      refreshExpiresAt: template.refreshExpiresAt,
      createdAt,
      label,
      kid,
      claims: recordClaims(this.codec, template),
      scope,
    };
    const ended = await saving(clientId, this.store.insert(record, pair, this.config.sessionsPerClient));
    this.events.emit({
      type: 'token.issued',
      clientId,
      familyId: record.familyId,
      ...(scope === undefined ? {} : { scope }),
    });
    for (const { familyId } of ended) this.events.emit({ type: 'session.superseded', clientId, familyId });
    return issuedTokens(record, pair, scope);
  }
}

/** A `scope` among the claims, as RFC 9068 has it in tokens, says the scopes where nothing else does. */
function splitScope({
  claims = {},
  scopes,
}: IssueOptions): Pick<IssueOptions, 'scopes'> & { readonly claims: JsonObject } {
  if (scopes !== undefined || typeof claims?.['scope'] !== 'string') return { claims, scopes };
  const { scope, ...others } = claims as { readonly scope: string };
  return { claims: others, scopes: parseScope(scope) };
}

/** @throws InvalidRequestError the claims make the token longer than those that are accepted; else what it was */
function tooLarge(error: unknown): never {
  if (!(error instanceof TokenTooLongError)) throw error;
  const fault = 'are too large';
  throw new InvalidRequestError(`claims ${fault}. ${error.message}`, 422, [
    { parameter: 'claims', message: fault },
  ]);
}

/** @throws TypeError the configuration would refuse it, too */
function lifetime(name: 'accessTokenExpiresIn' | 'refreshTokenExpiresIn', seconds: number): number {
  if (!SETTINGS[name].safeParse(seconds).success) {
    throw new TypeError(`${name} is a whole number of seconds, from 1 to those of a hundred years.`);
  }
  return seconds;
}
