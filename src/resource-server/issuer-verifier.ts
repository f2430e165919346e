import type { MaybePromise } from '../sessions/token-store.js';
import type { Principal } from '../tokens/principal.js';
import type { TokenFault } from '../tokens/token-fault.js';
import type { JwtEnvelope } from './token-envelope.js';

/** A token that verified, kept so that it need not be verified again. */
export interface VerifiedToken {
  readonly principal: Principal;
  /** When it ends, with the tolerance between clocks: epoch seconds. */
  readonly endsAt: number;
  /** By what its verifier knows whether it would verify it again. */
  readonly proof: unknown;
}

/** How the tokens of one issuer are verified. */
export interface IssuerVerifier {
  readonly issuer: string;
  /** Whether tokens that nobody but the issuer can read are verified. */
  readonly takesOpaque: boolean;
  /**
   * @param digest of the token
   * @throws IssuerUnavailableError (or rejects with it)
   */
  verify(
    token: string,
    envelope: JwtEnvelope | undefined,
    digest: string,
  ): Promise<VerifiedToken | TokenFault>;
  /** Whether what was verified before needs not be verified again. Its end is looked at elsewhere. */
  stillHolds(verified: VerifiedToken): MaybePromise<boolean>;
  /** Whether it is known by which key such a token is to be verified. */
  knowsKeyOf(envelope: JwtEnvelope): boolean;
  /** Rejects with what keeps it from verifying. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
