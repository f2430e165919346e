import { createSecretKey, timingSafeEqual } from 'node:crypto';
import { ConfigError } from '../errors.js';
import { isHmac, type HmacAlgorithm } from './algorithms.js';
import { derivedEncryptionKey } from './derived-key.js';
import { importSecret } from './import-key.js';
import { keyIdOf } from './key-id.js';
import type { EncryptingKey, EncryptionKey, RingKey, SignatureKey, SigningKey } from './ring-key.js';

/**
 * The keys in use at a time: one that signs, those that tokens may have been signed with, and the same for encryption.
 * It never changes; a rotation makes another one (see `ActiveKeyRing`). Keys become `KeyObject`s before, once:
 * jsonwebtoken pays a third of a millisecond for a text secret, each time.
 */
export class KeyRing {
  /** The keys as given, in that order. */
  readonly keys: readonly RingKey[];
  readonly signingKey: SigningKey;
  /** Encrypts; undefined where there is neither a key for it nor a secret to derive one from. */
  readonly encryptionKey: EncryptingKey | undefined;
  private readonly signatureKeys: AcceptedKeys<SignatureKey>;
  private readonly encryptionKeys: AcceptedKeys<EncryptionKey>;

  /** @throws ConfigError naming every fault: no or several signing keys, one `kid` twice, one key for two purposes */
  constructor(keys: readonly RingKey[]) {
    const faults = ringFaults(keys);
    if (faults.length > 0) throw new ConfigError(faults);
    this.keys = Object.freeze([...keys]);
    const signatureKeys = keys.filter((key): key is SignatureKey => key.use === 'sig');
    const own = keys.filter((key): key is EncryptionKey => key.use === 'enc');
    const derived = signatureKeys.flatMap((key) => derivedEncryptionKey(key) ?? []);
    this.signingKey = signatureKeys.find(isSigning) as SigningKey;
    // A secret that only verifies still does for encryption, unless it is on its way out.
    this.encryptionKey = (own.find(isSigning) ??
      derived.find(isSigning) ??
      derived.find(({ verifyUntil }) => verifyUntil === undefined)) as EncryptingKey | undefined;
    this.signatureKeys = new AcceptedKeys(signatureKeys);
    this.encryptionKeys = new AcceptedKeys([...own, ...derived]);
  }

  /**
   * A ring of one text secret, as the Python original has it.
   * @param secret its UTF-8 bytes are the secret
   * @throws ConfigError it is too short for the algorithm
   */
  static fromSecret(secret: string, algorithm: HmacAlgorithm = 'HS256'): KeyRing {
    return new KeyRing([importSecret(secret, { algorithm })]);
  }

  /** The keys that a token with this `kid` (or without one) may be of; none for an unknown `kid`. Some may have ended. */
  candidates(kid: string | undefined): readonly SignatureKey[] {
    return this.signatureKeys.candidates(kid);
  }

  /** As {@link candidates}, for keys that decrypt. */
  decryptionCandidates(kid: string | undefined): readonly EncryptionKey[] {
    return this.encryptionKeys.candidates(kid);
  }

  /** Whether any key has this identifier, whatever it is for. */
  knows(kid: string): boolean {
    return this.candidates(kid).length > 0 || this.decryptionCandidates(kid).length > 0;
  }

  /** Whether signed tokens say which key they are of: where there is a choice, or others choose from published keys. */
  get writesKid(): boolean {
    return this.signatureKeys.count > 1 || !isHmac(this.signingKey.algorithm);
  }

  /** As {@link writesKid}, for encrypted tokens. */
  get writesEncryptionKid(): boolean {
    return this.encryptionKeys.count > 1;
  }

  /** Whether this text is one of the secrets, as a master token must not be. */
  holdsSecret(text: string): boolean {
    if (text === '') return false;
    const thumbprint = Buffer.from(keyIdOf(createSecretKey(Buffer.from(text))));
    return this.keys.some((key) => {
      const own = Buffer.from(key.thumbprint);
      return own.length === thumbprint.length && timingSafeEqual(own, thumbprint);
    });
  }
}

class AcceptedKeys<Key extends RingKey> {
  readonly count: number;
  private readonly byKid = new Map<string | undefined, readonly Key[]>();

  constructor(keys: readonly Key[]) {
    this.count = keys.length;
    for (const key of keys) this.byKid.set(key.kid, [key]);
    // The only key signs without saying so, whatever it is.
    this.byKid.set(undefined, keys.length === 1 ? keys : keys.filter((key) => key.acceptsMissingKid));
  }

  candidates(kid: string | undefined): readonly Key[] {
    return this.byKid.get(kid) ?? [];
  }
}

function isSigning(key: RingKey): boolean {
  return key.status === 'signing';
}

function ringFaults(keys: readonly RingKey[]): string[] {
  const faults: string[] = [];
  const signing = keys.filter((key) => key.use === 'sig' && isSigning(key));
  if (signing.length !== 1) {
    faults.push(
      signing.length === 0
        ? 'the key ring has no signing key; give one key the status "signing"'
        : `the key ring has ${signing.length} signing keys (${names(signing)}); leave one and make the others "next" or "verify-only"`,
    );
  }
  const encrypting = keys.filter((key) => key.use === 'enc' && isSigning(key));
  if (encrypting.length > 1) {
    faults.push(
      `the key ring has ${encrypting.length} encryption keys with the status "signing" (${names(encrypting)}); leave one`,
    );
  }
  for (const [index, key] of keys.entries()) {
    const others = keys.slice(0, index);
    if (others.some((other) => other.kid === key.kid)) {
      faults.push(
        `the key ring has the kid ${JSON.stringify(key.kid)} twice; give each key its own, or leave one out`,
      );
    } else if (others.some((other) => other.thumbprint === key.thumbprint)) {
      faults.push(
        `the key ${JSON.stringify(key.kid)} is in the key ring twice; one key is for one algorithm and one purpose, so make another one`,
      );
    }
  }
  return faults;
}

function names(keys: readonly RingKey[]): string {
  return keys.map((key) => key.kid).join(', ');
}
