import { createRemoteJWKSet, errors, jwtVerify } from 'jose';
import { serveOrders } from './resource-server.js';

/*
 * Verifies by itself, with the published keys: no call for a request, but a revoked token is good until it expires.
 * Give access tokens a short lifetime then (`access-token-expires-in`).
 */
const authority = process.env['AUTH_URL'] ?? 'http://localhost:3000';
// A `kid` that is not known yet makes jose fetch the keys again, here at most every 3 seconds.
const keys = createRemoteJWKSet(new URL('/.well-known/jwks.json', authority), { cooldownDuration: 3000 });

await serveOrders(async (token) => {
  try {
    const { payload } = await jwtVerify(token, keys, {
      algorithms: ['EdDSA'],
      requiredClaims: ['exp', 'client_id'],
    });
    // A refresh token is signed by the same key, and is for the authorization server alone.
    return payload['type'] === 'access' ? (payload['client_id'] as string) : undefined;
  } catch (error) {
    // A JOSEError without a code of its own: the key set could not be fetched.
    if (
      error instanceof errors.JOSEError &&
      error.code !== 'ERR_JOSE_GENERIC' &&
      error.code !== 'ERR_JWKS_TIMEOUT'
    )
      return undefined;
    throw error;
  }
});
