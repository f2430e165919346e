import type { KeyObject } from 'node:crypto';
import type { AlgorithmName, EncryptionAlgorithm, KeyUse, SignatureAlgorithm } from './algorithms.js';

/**
 * `signing` makes new tokens; `next` is published, and accepted, but makes none yet; `verify-only` makes none any more.
 * The words hold for encryption keys, too.
 */
export type KeyStatus = (typeof KEY_STATUSES)[number];

export const KEY_STATUSES = ['signing', 'next', 'verify-only'] as const;

/** A key, with the one algorithm it may be used with. A token's header never chooses another. */
export interface RingKey {
  /** Key identifier. @see RFC 7515 section 4.1.4 */
  readonly kid: string;
  readonly algorithm: AlgorithmName;
  readonly use: KeyUse;
  readonly status: KeyStatus;
  /** When the key stops being accepted, epoch seconds; undefined: when it leaves the ring. */
  readonly verifyUntil: number | undefined;
  /** Whether tokens that name no key may be of this one: those of the Python original, and of a ring of one key. */
  readonly acceptsMissingKid: boolean;
  /** Signs (the secret or private key) or encrypts (the secret or public key); undefined: it only accepts. */
  readonly issuingKey: KeyObject | undefined;
  /** Verifies (the secret or public key) or decrypts (the secret or private key). */
  readonly acceptingKey: KeyObject;
  /** What identifies the bare key, whatever its `kid` and algorithm: see `keyIdOf`. */
  readonly thumbprint: string;
}

export type SignatureKey = RingKey & { readonly algorithm: SignatureAlgorithm };
export type EncryptionKey = RingKey & { readonly algorithm: EncryptionAlgorithm };
/** The one that makes tokens; a ring knows that it can. */
export type SigningKey = SignatureKey & { readonly issuingKey: KeyObject };
export type EncryptingKey = EncryptionKey & { readonly issuingKey: KeyObject };

/** Whether tokens of this key are still accepted at `now` (epoch seconds). */
export function isAccepted(key: RingKey, now: number): boolean {
  return key.verifyUntil === undefined || now < key.verifyUntil;
}
