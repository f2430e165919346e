import jsonwebtoken from '@node-rs/jsonwebtoken';
import { SECRET, startVerifier } from '../lib/bearer-guard.js';

/** @node-rs/jsonwebtoken, synchronous: its promises come from the thread pool, which costs more than an HMAC. */
export function start(framework) {
  const key = Buffer.from(SECRET);
  const validation = { algorithms: [jsonwebtoken.Algorithm.HS256], leeway: 0 };
  return startVerifier(framework, (token) => jsonwebtoken.verifySync(token, key, validation));
}
