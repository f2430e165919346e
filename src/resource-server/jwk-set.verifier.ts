import type { MaybePromise } from '../sessions/token-store.js';
import { TokenFault } from '../tokens/token-fault.js';
import { IssuerHttp } from './issuer-http.js';
import { IssuerKeys } from './issuer-keys.js';
import type { IssuerKeySet } from './issuer-key-set.js';
import { IssuerMetadata } from './issuer-metadata.js';
import type { IssuerVerifier, VerifiedToken } from './issuer-verifier.js';
import { remotePrincipal } from './remote-principal.js';
import type { ResolvedIssuer } from './resolved-issuer.js';
import { claimsFault } from './claim-rules.js';
import { readPayload, type JwtEnvelope } from './token-envelope.js';

/** Verifies JWTs by the issuer's keys: no call for a request, and so nothing is heard of revocations before `exp`. */
export class JwkSetVerifier implements IssuerVerifier {
  readonly takesOpaque = false;
  readonly #issuer: ResolvedIssuer;
  readonly #now: () => number;
  readonly #http: IssuerHttp;
  readonly #keys: IssuerKeys;

  /** @param now milliseconds since the epoch */
  constructor(issuer: ResolvedIssuer, now: () => number) {
    this.#issuer = issuer;
    this.#now = now;
    this.#http = new IssuerHttp(issuer.timeout);
    const { jwksUri } = issuer;
    const metadata = new IssuerMetadata(issuer.issuer, this.#http, now);
    // What lies between the issuer and here may keep an older set.
    const headers = { accept: 'application/jwk-set+json, application/json', 'cache-control': 'no-cache' };
    const fetchKeys = async () => this.#http.get(jwksUri ?? (await metadata.endpoint('jwks_uri')), headers);
    this.#keys = new IssuerKeys(
      issuer.issuer,
      () =>
        fetchKeys().catch((error: unknown) => {
          metadata.forget();
          throw error;
        }),
      now,
    );
  }

  get issuer(): string {
    return this.#issuer.issuer;
  }

  async verify(token: string, envelope: JwtEnvelope | undefined): Promise<VerifiedToken | TokenFault> {
    if (!envelope) return TokenFault.malformed;
    const { fetches } = this.#keys;
    let keys = await this.#keys.current();
    let payload = await verifyBy(keys, token, envelope);
    if (isForAnotherKey(payload, envelope)) {
      const newer = await this.#newerThan(keys, fetches);
      if (newer !== keys) payload = await verifyBy(newer, token, envelope);
      keys = newer;
    }
    if (payload instanceof TokenFault) return payload;
    const claims = readPayload(payload);
    if (claims instanceof TokenFault) return claims;
    const now = this.#now() / 1000;
    const fault = claimsFault(claims, this.#issuer, now, envelope.isAccessTokenJwt);
    if (fault) return fault;
    const principal = remotePrincipal(claims, this.#issuer, now);
    if (principal instanceof TokenFault) return principal;
    const endsAt = (principal.expiresAt ?? 0) + this.#issuer.clockTolerance;
    return { principal, endsAt, proof: keys };
  }

  stillHolds({ proof }: VerifiedToken): MaybePromise<boolean> {
    const keys = this.#keys.current();
    return keys instanceof Promise ? keys.then((current) => current === proof) : keys === proof;
  }

  knowsKeyOf({ kid }: JwtEnvelope): boolean {
    return kid === undefined || this.#keys.knows(kid);
  }

  async ping(): Promise<void> {
    await this.#keys.current();
  }

  async #newerThan(keys: IssuerKeySet, fetches: number): Promise<IssuerKeySet> {
    try {
      return (await this.#keys.lookAgain(keys, fetches)) ?? keys;
    } catch {
      // An issuer that is away now has no newer keys for anybody.
      return keys;
    }
  }

  async close(): Promise<void> {
    await this.#http.close();
  }
}

function verifyBy(
  keys: IssuerKeySet,
  token: string,
  { kid }: JwtEnvelope,
): Promise<Buffer | TokenFault> | TokenFault {
  return kid !== undefined && !keys.has(kid) ? TokenFault.unknownKey : keys.verify(token);
}

/** A token that names no key may be of a new one, too. */
function isForAnotherKey(payload: Buffer | TokenFault, { kid }: JwtEnvelope): boolean {
  const isUnknown = payload === TokenFault.unknownKey || payload === TokenFault.badSignature;
  return kid === undefined ? isUnknown : payload === TokenFault.unknownKey;
}
