import { sign, verify, type KeyObject } from 'node:crypto';
import { ALGORITHMS, type SignatureAlgorithm } from './algorithms.js';

/** Signs with an asymmetric algorithm; the bytes are those of RFC 7518 section 3. */
export function signatureOf(algorithm: SignatureAlgorithm, data: string, privateKey: KeyObject): Buffer {
  const { hash = null } = ALGORITHMS[algorithm];
  return sign(hash, Buffer.from(data), { key: privateKey, ...signingOptions(algorithm) });
}

/** Whether a signature of an asymmetric algorithm holds. */
export function isSignatureOf(
  algorithm: SignatureAlgorithm,
  data: string,
  publicKey: KeyObject,
  signature: Buffer,
): boolean {
  const { hash = null, signatureBytes } = ALGORITHMS[algorithm];
  if (signatureBytes !== undefined && signature.length !== signatureBytes) return false;
  try {
    return verify(hash, Buffer.from(data), { key: publicKey, ...signingOptions(algorithm) }, signature);
  } catch {
    // OpenSSL throws for some signatures that cannot be one of this key.
    return false;
  }
}

function signingOptions(algorithm: SignatureAlgorithm) {
  const { padding, saltLength, dsaEncoding } = ALGORITHMS[algorithm];
  return {
    ...(padding === undefined ? {} : { padding }),
    ...(saltLength === undefined ? {} : { saltLength }),
    ...(dsaEncoding === undefined ? {} : { dsaEncoding }),
  };
}
