import type { KeyObject } from 'node:crypto';

/** Small primes modulo which the weak generator's moduli are always powers of 65537. */
const ROCA_PRIMES = [
  11n,
  13n,
  17n,
  19n,
  37n,
  53n,
  61n,
  71n,
  73n,
  79n,
  97n,
  103n,
  107n,
  109n,
  127n,
  151n,
  157n,
];
const ROCA_GENERATOR = 65537n;

/**
 * What makes an RSA key worthless whatever its length, as the end of a sentence; undefined: nothing that is known.
 * ROCA (CVE-2017-15361) is a generator of smart cards whose private keys can be worked out from the public ones.
 */
export function rsaWeakness(publicKey: KeyObject): string | undefined {
  const { n, e } = publicKey.export({ format: 'jwk' });
  const exponent = numberOf(e);
  if (exponent < 3n || exponent % 2n === 0n) return 'has a public exponent with which anybody can sign';
  const modulus = numberOf(n);
  return ROCA_PRIMES.every((prime) => isPowerOfGenerator(modulus % prime, prime))
    ? 'comes of a generator whose private keys can be worked out (ROCA, CVE-2017-15361)'
    : undefined;
}

function isPowerOfGenerator(value: bigint, prime: bigint): boolean {
  let power = 1n;
  do {
    if (power === value) return true;
    power = (power * ROCA_GENERATOR) % prime;
  } while (power !== 1n);
  return false;
}

function numberOf(base64url = ''): bigint {
  return BigInt(`0x${Buffer.from(base64url, 'base64url').toString('hex')}`);
}
