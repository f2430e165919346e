import { createSecretKey, type KeyObject } from 'node:crypto';

/** A key, with the one algorithm it may be used with. A token's header never chooses another. */
export interface VerificationKey {
  /** Key identifier (RFC 7515 section 4.1.4); without one the key is for tokens that name none. */
  readonly kid: string | undefined;
  readonly algorithm: 'HS256';
  readonly key: KeyObject;
}

/**
 * The keys in use: one that signs, and those that tokens may have been signed with.
 * Secrets become `KeyObject`s here, once: jsonwebtoken pays a third of a millisecond for a text secret, each time.
 */
export class KeyRing {
  private constructor(
    readonly signingKey: VerificationKey,
    private readonly keysByKid: ReadonlyMap<string | undefined, readonly VerificationKey[]>,
  ) {}

  /**
   * A ring of one HS256 key without identifier, as the Python original has it.
   * @param secret its UTF-8 bytes are the secret; it is not decoded from base64
   */
  static fromSecret(secret: string): KeyRing {
    const key: VerificationKey = {
      kid: undefined,
      algorithm: 'HS256',
      key: createSecretKey(Buffer.from(secret, 'utf8')),
    };
    return new KeyRing(key, new Map([[undefined, [key]]]));
  }

  /** The keys that a token with this `kid` (or without one) may be signed with; none for an unknown `kid`. */
  candidates(kid: string | undefined): readonly VerificationKey[] {
    return this.keysByKid.get(kid) ?? [];
  }
}
