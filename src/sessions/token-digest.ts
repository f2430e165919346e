import { hash } from 'node:crypto';

/** SHA-256 of the exact token text, base64url without padding: what stands for a token in stores and caches. */
export function digestOf(token: string): string {
  return hash('sha256', token, 'base64url');
}
