import { generateKeyPairSync, type JsonWebKey, randomBytes, type KeyObject } from 'node:crypto';
import type { FastauthConfig } from '../../src/config/fastauth-config.js';
import { ALGORITHMS, type AlgorithmName } from '../../src/keys/algorithms.js';
import { importJwk, importSecret } from '../../src/keys/import-key.js';
import { KeyRing } from '../../src/keys/key-ring.js';
import type { RingKey } from '../../src/keys/ring-key.js';

/** A fresh private JWK (or secret) for an algorithm, with its `alg`. */
export function freshJwk(algorithm: AlgorithmName): JsonWebKey & { alg: AlgorithmName } {
  return { ...freshMaterial(algorithm), alg: algorithm };
}

function freshMaterial(algorithm: AlgorithmName): JsonWebKey {
  const { kty } = ALGORITHMS[algorithm];
  if (kty === 'oct') {
    return { kty, k: randomBytes(algorithm === 'dir' ? 32 : 64).toString('base64url') };
  }
  return exported(kty);
}

function exported(kty: 'RSA' | 'EC' | 'OKP'): JsonWebKey {
  const pairs: Record<typeof kty, () => { privateKey: KeyObject }> = {
    RSA: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
    EC: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    OKP: () => generateKeyPairSync('ed25519'),
  };
  return pairs[kty]().privateKey.export({ format: 'jwk' });
}

export function freshKey(algorithm: AlgorithmName, role: Parameters<typeof importJwk>[1] = {}): RingKey {
  return importJwk(freshJwk(algorithm), role);
}

export interface FormatCase {
  readonly name: string;
  readonly config: Partial<Pick<FastauthConfig, 'tokenFormat' | 'acceptedTokenFormats'>>;
  readonly ring: () => KeyRing;
  /** How its tokens look. */
  readonly shape: RegExp;
}

const JWT = /^ey[\w-]+\.[\w-]+\.[\w-]+$/;
const JWE = /^ey[\w-]+\.[\w-]*\.[\w-]{16}\.[\w-]+\.[\w-]{22}$/;
const OPAQUE = /^fa_[ar]t_[\w-]+$/;
const secret = (): RingKey => importSecret(randomBytes(48).toString('base64'));

const signatures = (Object.keys(ALGORITHMS) as AlgorithmName[]).filter(
  (name) => ALGORITHMS[name].use === 'sig',
);
const encryptions = (Object.keys(ALGORITHMS) as AlgorithmName[]).filter(
  (name) => ALGORITHMS[name].use === 'enc',
);

/** Every way to write tokens that there is. */
export const FORMAT_CASES: readonly FormatCase[] = [
  ...signatures.map((algorithm) => ({
    name: `jwt ${algorithm}`,
    config: {},
    ring: () => new KeyRing([freshKey(algorithm)]),
    shape: JWT,
  })),
  {
    name: 'jwt EdDSA beside a secret that only verifies',
    config: {},
    ring: () =>
      new KeyRing(
        [secret(), freshKey('EdDSA')].map((key, index) => (index ? key : { ...key, status: 'verify-only' })),
      ),
    shape: JWT,
  },
  {
    name: 'jwe dir, derived from the cryptography-key',
    config: { tokenFormat: 'jwe' },
    ring: () => new KeyRing([secret()]),
    shape: JWE,
  },
  ...encryptions.map((algorithm) => ({
    name: `jwe ${algorithm} A256GCM around ES256`,
    config: { tokenFormat: 'jwe' as const },
    ring: () => new KeyRing([freshKey('ES256'), freshKey(algorithm)]),
    shape: JWE,
  })),
  {
    name: 'opaque',
    config: { tokenFormat: 'opaque' },
    ring: () => new KeyRing([secret()]),
    shape: OPAQUE,
  },
];
