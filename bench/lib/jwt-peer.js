import { randomUUID } from 'node:crypto';
import { get, listen } from './nest-app.js';

/**
 * A peer that verifies JWTs itself. None of them knows sessions, so each gets the cheapest look-up there is, a map
 * from the user to the current token's id: without it they would let superseded and revoked tokens pass.
 */
export async function jwtPeer(framework, sign, parts) {
  const current = new Map();
  const issue = (sub, expiresIn = 3600) => {
    const jti = randomUUID();
    current.set(sub, jti);
    return sign({ sub, jti }, { algorithm: 'HS256', expiresIn });
  };
  const app = await listen(framework, parts(current));
  const whoami = (token) => get('/bench/whoami', { Authorization: `Bearer ${token}` });
  const requests = Array.from({ length: 64 }, (_, index) => whoami(issue(`user-${index}`)));
  const superseded = issue('superseded');
  issue('superseded');
  const revoked = issue('revoked');
  current.delete('revoked');
  const good = issue('good');
  return {
    app,
    load: { requests },
    negatives: [
      { name: 'missing', request: get('/bench/whoami') },
      { name: 'tampered', request: whoami(tampered(good)) },
      { name: 'superseded', request: whoami(superseded) },
      { name: 'revoked', request: whoami(revoked) },
      { name: 'expired', request: whoami(issue('expired', 2)), after: 3 },
    ],
  };
}

/** The token with one character of its payload changed. */
export function tampered(token) {
  const [head, payload, signature] = token.split('.');
  const changed = payload.at(5) === 'A' ? 'B' : 'A';
  return [head, payload.slice(0, 5) + changed + payload.slice(6), signature].join('.');
}
