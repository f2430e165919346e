import { createVerifier } from 'fast-jwt';
import { SECRET, startVerifier } from '../lib/bearer-guard.js';

/**
 * fast-jwt, synchronous.
 * @param {{ cached: boolean }} options `cached`: with its cache of verified tokens, keyed by the token itself, which
 *   costs less than the digest that is its default
 */
export function start(framework, { cached }) {
  const cache = cached ? { cache: true, cacheKeyBuilder: (token) => token } : {};
  return startVerifier(framework, createVerifier({ key: SECRET, algorithms: ['HS256'], ...cache }));
}
