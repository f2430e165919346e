import { webcrypto } from 'node:crypto';
import { jwtVerify } from 'jose';
import { SECRET, startAsyncVerifier } from '../lib/bearer-guard.js';

/** jose, which verifies with Web Crypto: with a `CryptoKey`, since it spends twice the time on a `KeyObject`. */
export async function start(framework) {
  const hmac = { name: 'HMAC', hash: 'SHA-256' };
  const key = await webcrypto.subtle.importKey('raw', Buffer.from(SECRET), hmac, false, ['verify']);
  const options = { algorithms: ['HS256'] };
  return startAsyncVerifier(framework, async (token) => (await jwtVerify(token, key, options)).payload);
}
