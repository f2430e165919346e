import { LRUCache } from 'lru-cache';
import { IssuerUnavailableError, StoreUnavailableError } from '../errors.js';
import type { JsonObject } from '../json.js';
import { LateBackendPolicy } from '../stores/late-backend-policy.js';
import { TokenFault } from '../tokens/token-fault.js';
import { claimsFault } from './claim-rules.js';
import { IssuerFault, IssuerHttp } from './issuer-http.js';
import { IssuerMetadata } from './issuer-metadata.js';
import type { IssuerVerifier, VerifiedToken } from './issuer-verifier.js';
import { remotePrincipal } from './remote-principal.js';
import type { ResolvedIntrospection, ResolvedIssuer } from './resolved-issuer.js';

/** Tokens that are not good and are remembered, apart from the good ones, which no flood shall drive out. */
const MOST_REFUSED = 1000;
/** Answers that may be others in a moment. */
const PASSING: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);

/** Asks the issuer about each token, with the service's own credentials. Nobody gets in while it cannot be asked. */
export class IntrospectionVerifier implements IssuerVerifier {
  readonly takesOpaque = true;
  readonly #issuer: ResolvedIssuer;
  readonly #introspection: ResolvedIntrospection;
  readonly #now: () => number;
  readonly #http: IssuerHttp;
  readonly #metadata: IssuerMetadata;
  readonly #policy: LateBackendPolicy;
  readonly #authorization: string;
  readonly #inFlight = new Map<string, Promise<VerifiedToken | TokenFault>>();
  readonly #refused = new LRUCache<string, { readonly fault: TokenFault; readonly askedAt: number }>({
    max: MOST_REFUSED,
  });

  /** @param now milliseconds since the epoch */
  constructor(issuer: ResolvedIssuer, introspection: ResolvedIntrospection, now: () => number) {
    this.#issuer = issuer;
    this.#introspection = introspection;
    this.#now = now;
    this.#http = new IssuerHttp(issuer.timeout);
    this.#metadata = new IssuerMetadata(issuer.issuer, this.#http, now);
    this.#policy = new LateBackendPolicy({ timeout: issuer.timeout, subject: `The issuer ${issuer.issuer}` });
    this.#authorization = basic(introspection);
  }

  get issuer(): string {
    return this.#issuer.issuer;
  }

  verify(token: string, _envelope: unknown, digest: string): Promise<VerifiedToken | TokenFault> {
    const refused = this.#refused.get(digest);
    if (refused && this.#counts(refused.askedAt)) return Promise.resolve(refused.fault);
    let asking = this.#inFlight.get(digest);
    if (!asking) {
      asking = this.#ask(token, digest).finally(() => this.#inFlight.delete(digest));
      this.#inFlight.set(digest, asking);
    }
    return asking;
  }

  stillHolds({ proof }: VerifiedToken): boolean {
    return this.#counts(proof as number);
  }

  knowsKeyOf(): boolean {
    return true;
  }

  async ping(): Promise<void> {
    await this.#endpoint();
  }

  async close(): Promise<void> {
    await this.#http.close();
  }

  /** Whether an answer still counts to a question of that time. */
  #counts(askedAt: number): boolean {
    const now = this.#now();
    return now >= askedAt && now - askedAt < this.#introspection.cacheFor * 1000;
  }

  async #ask(token: string, digest: string): Promise<VerifiedToken | TokenFault> {
    const askedAt = this.#now();
    const result = this.#judge(await this.#call(token), askedAt);
    if (result instanceof TokenFault && this.#introspection.cacheFor > 0)
      this.#refused.set(digest, { fault: result, askedAt });
    return result;
  }

  #judge({ active, ...claims }: JsonObject, askedAt: number): VerifiedToken | TokenFault {
    if (active !== true) return TokenFault.notCurrent;
    const { token_type: type } = claims;
    if (type !== undefined && !(typeof type === 'string' && type.toLowerCase() === 'bearer'))
      return TokenFault.wrongType;
    const now = this.#now() / 1000;
    // `iss` is optional in answers; whoever was asked is the issuer.
    const fault = claimsFault({ iss: this.issuer, ...claims }, this.#issuer, now, type !== undefined);
    if (fault) return fault;
    const principal = remotePrincipal(claims, this.#issuer, now);
    if (principal instanceof TokenFault) return principal;
    const endsAt = (principal.expiresAt ?? 0) + this.#issuer.clockTolerance;
    return { principal, endsAt, proof: askedAt };
  }

  async #call(token: string): Promise<JsonObject> {
    try {
      return await this.#policy.read(() => this.#post(token));
    } catch (error) {
      if (error instanceof StoreUnavailableError) throw new IssuerUnavailableError(error.message);
      throw error;
    }
  }

  /** Rejects with what was answered as final where trying again would not help. */
  async #post(token: string): Promise<JsonObject> {
    try {
      const form = new URLSearchParams({ token, token_type_hint: 'access_token' });
      const headers = { authorization: this.#authorization };
      const { document } = await this.#http.post(await this.#endpoint(), form, headers);
      if (typeof document['active'] !== 'boolean')
        throw new IssuerFault('its answer does not say whether the token is active', 200);
      return document;
    } catch (error) {
      if (!(error instanceof IssuerFault)) throw error;
      const isRefused = error.status === 401 || error.status === 403;
      const hint = isRefused ? '; it does not let the client of `introspection` introspect tokens' : '';
      const answered = error.status !== undefined && !PASSING.has(error.status);
      if (answered) this.#metadata.forget();
      const message = `The issuer ${this.issuer} is not available: ${error.message}${hint}. Try again later.`;
      throw new StoreUnavailableError(message, undefined, { answered });
    }
  }

  async #endpoint(): Promise<string> {
    return this.#introspection.endpoint ?? this.#metadata.endpoint('introspection_endpoint');
  }
}

/** @see RFC 6749 section 2.3.1: both are form-encoded before they are joined */
function basic({ clientId, clientSecret }: ResolvedIntrospection): string {
  const encoded = [clientId, clientSecret].map((text) =>
    new URLSearchParams({ '': text }).toString().slice(1),
  );
  return `Basic ${Buffer.from(encoded.join(':')).toString('base64')}`;
}
