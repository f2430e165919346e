import { createHmac } from 'node:crypto';

/** The page's own example key. */
export const PYTHON_KEY = 'kAONxbkATfyk3kmnUhw7YyAMotmvuJ6tVsuT1w3A6N5=';

/** A token as PyJWT writes it: compact JSON in this order, no jti, no kid. */
export function pythonToken(
  clientId: string,
  type: 'access' | 'refresh',
  now: number,
  key = PYTHON_KEY,
): string {
  const exp = now + (type === 'access' ? 30 : 365) * 24 * 60 * 60;
  const text = [
    { alg: 'HS256', typ: 'JWT' },
    { client_id: clientId, type, exp, iat: now },
  ]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`;
}

/** What `save_token` of the original sends for a client. */
export function pythonPair(clientId: string, now: number) {
  return {
    access_token: pythonToken(clientId, 'access', now),
    refresh_token: pythonToken(clientId, 'refresh', now),
  };
}
