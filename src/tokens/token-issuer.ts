import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.js';
import type { FastauthConfig } from '../config/fastauth-config.js';
import { SETTINGS } from '../config/settings.js';
import { InvalidRequestError } from '../errors.js';
import type { FastauthEvents } from '../events/fastauth-events.js';
import { clientIdFault } from '../sessions/client-id.js';
import { assertLabel } from '../sessions/label.js';
import type { RefreshableSession } from '../sessions/session-record.js';
import { digestOf } from '../sessions/token-digest.js';
import type { TokenStore } from '../sessions/token-store.js';
import { type ClaimRulesConfig, issuerClaims } from './claim-rules.js';
import type { TokenCodec } from './codecs/token-codec.js';
import type { IssuanceDefaultsOf } from './issuance-defaults.js';
import { issuedTokens, type IssuedTokens, type IssueOptions } from './issued-tokens.js';
import { ownClaims } from './own-claims.js';
import { saving } from './saving.js';
import { mintPair, randomId, recordClaims } from './token-minter.js';

type IssuerConfig = Pick<
  FastauthConfig,
  'accessTokenExpiresIn' | 'refreshTokenExpiresIn' | 'familyMaxAge' | 'sessionsPerClient'
> &
  ClaimRulesConfig;

/** Seconds by which two sessions of one process differ at least. */
const SHORTEST_TIME = 1e-6;

/** Begins sessions: mints their first pair and stores them. */
export class TokenIssuer {
  #last = 0;

  constructor(
    private readonly codec: TokenCodec,
    private readonly store: TokenStore,
    private readonly clock: Clock,
    private readonly events: FastauthEvents,
    private readonly config: IssuerConfig,
    private readonly defaultsOf: IssuanceDefaultsOf | undefined,
  ) {}

  /** See `TokenService.issue`. */
  async issue(options: IssueOptions): Promise<IssuedTokens> {
    const clientId = options.clientId === undefined ? randomUUID() : options.clientId;
    const fault = clientIdFault(clientId);
    if (fault)
      throw new InvalidRequestError(`client_id ${fault}`, 422, [{ parameter: 'client_id', message: fault }]);
    const { label } = options;
    assertLabel(label);
    const given = ownClaims(options.claims ?? {});
    const defaults = (await this.defaultsOf?.({ clientId, label, claims: undefined })) ?? {};
    const defaultClaims = ownClaims(defaults.claims ?? {});
    const claims = { ...defaultClaims, ...given };

    const now = Math.floor(this.clock.now() / 1000);
    const endOf = (name: 'accessTokenExpiresIn' | 'refreshTokenExpiresIn'): number => {
      const seconds = lifetime(name, options[name] ?? defaults[name] ?? this.config[name]);
      return now + Math.min(seconds, this.config.familyMaxAge);
    };
    const template = {
      clientId,
      familyId: randomId(),
      generation: 0,
      issuedAt: now,
      accessExpiresAt: endOf('accessTokenExpiresIn'),
      refreshExpiresAt: endOf('refreshTokenExpiresIn'),
      issuerClaims: issuerClaims(this.config, clientId),
      claims,
      defaulted: Object.keys(defaultClaims).filter((name) => !Object.hasOwn(given, name)),
    };
    const { pair, kid } = await mintPair(this.codec, template);
    const record: RefreshableSession = {
      familyId: template.familyId,
      clientId,
      generation: 0,
      accessHash: digestOf(pair.accessToken),
      accessExpiresAt: template.accessExpiresAt,
      refreshHash: digestOf(pair.refreshToken),
      refreshExpiresAt: template.refreshExpiresAt,
      createdAt: this.#beginning(),
      label,
      kid,
      claims: recordClaims(this.codec, claims),
    };
    const ended = await saving(clientId, this.store.insert(record, pair, this.config.sessionsPerClient));
    this.events.emit({ type: 'token.issued', clientId, familyId: record.familyId });
    for (const { familyId } of ended) this.events.emit({ type: 'session.superseded', clientId, familyId });
    return issuedTokens(record, pair);
  }

  /** The time, with a fraction by which even sessions of one millisecond are ordered. */
  #beginning(): number {
    const now = this.clock.now() / 1000;
    const next = this.#last + SHORTEST_TIME;
    this.#last = now < next && Math.floor(next) === Math.floor(now) ? next : now;
    return this.#last;
  }
}

/** @throws TypeError the configuration would refuse it, too */
function lifetime(name: 'accessTokenExpiresIn' | 'refreshTokenExpiresIn', seconds: number): number {
  if (!SETTINGS[name].safeParse(seconds).success) {
    throw new TypeError(`${name} is a whole number of seconds, from 1 to those of a hundred years.`);
  }
  return seconds;
}
