import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { digestOf } from '../sessions/token-digest.js';
import type { MaybePromise } from '../sessions/token-store.js';
import { AccessTokens } from '../tokens/access-tokens.js';
import { MAX_TOKEN_LENGTH } from '../tokens/codecs/jwt.codec.js';
import type { Principal } from '../tokens/principal.js';
import { TokenFault } from '../tokens/token-fault.js';
import type { TokenStatus } from '../tokens/token-status.js';
import type { CacheLookups } from '../tokens/token-verifier.js';
import { IntrospectionVerifier } from './introspection.verifier.js';
import type { IssuerVerifier, VerifiedToken } from './issuer-verifier.js';
import { JwkSetVerifier } from './jwk-set.verifier.js';
import type { ResolvedIssuer } from './resolved-issuer.js';
import { readEnvelope, type JwtEnvelope } from './token-envelope.js';

export interface RemoteTokensOptions {
  readonly issuers: readonly ResolvedIssuer[];
  /** How many verified tokens are remembered. */
  readonly cacheSize: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

interface RememberedToken extends VerifiedToken {
  readonly verifier: IssuerVerifier;
}

/**
 * Access tokens of other issuers, in a service that issues none. What verified is remembered for as long as it would
 * verify again; what did not is forgotten, so that no flood of bad tokens drives out good ones.
 */
export class RemoteTokens extends AccessTokens implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly cacheLookups: CacheLookups = { hits: 0, misses: 0 };
  readonly #verifiers: readonly IssuerVerifier[];
  readonly #verified: LRUCache<string, RememberedToken>;
  readonly #now: () => number;

  constructor({ issuers, cacheSize, now }: RemoteTokensOptions) {
    super();
    this.#now = now;
    this.#verified = new LRUCache({ max: cacheSize });
    this.#verifiers = issuers.map((issuer) =>
      issuer.introspection
        ? new IntrospectionVerifier(issuer, issuer.introspection, now)
        : new JwkSetVerifier(issuer, now),
    );
  }

  /** So that the first request finds keys; with an issuer that is away, the application starts all the same. */
  onApplicationBootstrap(): void {
    for (const verifier of this.#verifiers) verifier.ping().catch(() => undefined);
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all(this.#verifiers.map((verifier) => verifier.close()));
  }

  check(token: string): MaybePromise<Principal | TokenFault> {
    if (typeof token !== 'string' || token.length > MAX_TOKEN_LENGTH) return TokenFault.tooLong;
    const digest = digestOf(token);
    const known = this.#verified.get(digest);
    if (!known) return this.#verifyUnseen(token, digest);
    if (known.endsAt <= this.#now() / 1000) {
      this.#verified.delete(digest);
      return TokenFault.expired.of(known.principal);
    }
    const holds = known.verifier.stillHolds(known);
    return holds instanceof Promise
      ? holds.then((value) => this.#again(token, digest, known, value))
      : this.#again(token, digest, known, holds);
  }

  /** Nothing is known of who sends bad ones. */
  lastSeen(): undefined {
    return undefined;
  }

  namesUnknownKey(token: string): boolean {
    if (token.length > MAX_TOKEN_LENGTH) return false;
    const envelope = readEnvelope(token);
    if (envelope instanceof TokenFault || !envelope.jwt) return false;
    const verifier = this.#verifierOf(envelope.jwt);
    return verifier?.knowsKeyOf(envelope.jwt) === false;
  }

  /** Issuers tell nobody of revocations, so that a token stands until it ends. */
  status(): TokenStatus {
    return 'current';
  }

  sessionStatus(): TokenStatus {
    return 'current';
  }

  sessionEnd(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  watch(): () => void {
    return () => undefined;
  }

  /** Rejects with what keeps tokens from being verified. */
  async ping(): Promise<void> {
    await Promise.all(this.#verifiers.map((verifier) => verifier.ping()));
  }

  #again(
    token: string,
    digest: string,
    known: RememberedToken,
    holds: boolean,
  ): MaybePromise<Principal | TokenFault> {
    if (!holds) return this.#verifyUnseen(token, digest);
    this.cacheLookups.hits++;
    return known.principal;
  }

  #verifyUnseen(token: string, digest: string): MaybePromise<Principal | TokenFault> {
    this.cacheLookups.misses++;
    const envelope = readEnvelope(token);
    if (envelope instanceof TokenFault) return envelope;
    const verifier = this.#verifierOf(envelope.jwt);
    if (!verifier) return envelope.jwt ? TokenFault.wrongIssuer : TokenFault.malformed;
    return this.#verify(verifier, token, envelope.jwt, digest);
  }

  async #verify(
    verifier: IssuerVerifier,
    token: string,
    envelope: JwtEnvelope | undefined,
    digest: string,
  ): Promise<Principal | TokenFault> {
    const result = await verifier.verify(token, envelope, digest);
    if (result instanceof TokenFault) {
      this.#verified.delete(digest);
      return result;
    }
    this.#verified.set(digest, { ...result, verifier });
    return result.principal;
  }

  /**
   * A token goes to the issuer that it names, and to no other, who could use it. One that names none goes to the issuer
   * that is asked about tokens, if that is but one.
   */
  #verifierOf(envelope: JwtEnvelope | undefined): IssuerVerifier | undefined {
    const name = envelope?.issuer;
    if (name !== undefined) return this.#verifiers.find(({ issuer }) => issuer === name);
    const asked = this.#verifiers.filter(({ takesOpaque }) => takesOpaque);
    return asked.length === 1 ? asked[0] : undefined;
  }
}
