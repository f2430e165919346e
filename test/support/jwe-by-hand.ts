import {
  constants,
  createCipheriv,
  createHash,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  publicEncrypt,
  randomBytes,
} from 'node:crypto';
import type { EncryptingKey } from '../../src/keys/ring-key.js';
import { base64url } from './token-forgery.js';

type Header = Record<string, unknown>;

/**
 * A JWE (RFC 7516) written with node:crypto alone, so that no library of ours stands on both sides.
 * @param headerOf the protected header, given the one that is right: an object, or a text to be taken as it is
 */
export function encryptByHand(
  key: EncryptingKey,
  plaintext: string | Buffer,
  headerOf: (right: Header) => unknown = (right) => right,
): string {
  const { algorithm: alg, issuingKey } = key;
  let contentKey: Buffer = randomBytes(32);
  let encryptedKey = '';
  let epk: object | undefined;
  if (alg === 'dir') {
    contentKey = issuingKey.export();
  } else if (alg === 'RSA-OAEP-256') {
    const padding = constants.RSA_PKCS1_OAEP_PADDING;
    encryptedKey = publicEncrypt({ key: issuingKey, padding, oaepHash: 'sha256' }, contentKey).toString(
      'base64url',
    );
  } else {
    const ephemeral = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    contentKey = agreedKey(diffieHellman({ privateKey: ephemeral.privateKey, publicKey: issuingKey }));
    epk = createPublicKey(ephemeral.privateKey).export({ format: 'jwk' });
  }
  const header = { alg, enc: 'A256GCM', cty: 'JWT', kid: key.kid, ...(epk ? { epk } : {}) };
  const protectedHeader = base64url(headerOf(header));
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', contentKey, nonce).setAAD(Buffer.from(protectedHeader));
  const content = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return [
    protectedHeader,
    encryptedKey,
    ...[nonce, content, cipher.getAuthTag()].map((bytes) => bytes.toString('base64url')),
  ].join('.');
}

/** Concat KDF for A256GCM without party information. @see RFC 7518 section 4.6.2 */
function agreedKey(secret: Buffer): Buffer {
  const number = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return bytes;
  };
  const algorithm = Buffer.from('A256GCM');
  return createHash('sha256')
    .update(
      Buffer.concat([
        number(1),
        secret,
        number(algorithm.length),
        algorithm,
        number(0),
        number(0),
        number(256),
      ]),
    )
    .digest();
}
