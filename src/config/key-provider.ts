import type { CryptographyKeyOptions } from './key-entries.js';

/**
 * Brings keys from elsewhere, such as a vault or a key management service; pass it as `forRoot({ keyProvider })`.
 * It is asked at the start, every minute, and when a token names an unknown key (four times at once, then once in 5 seconds at most). What it
 * answered last stays in force while it fails, except at the start, which fails with it.
 *
 * @example
 * class VaultKeys extends KeyProvider {
 *   async load(signal: AbortSignal) {
 *     const { keys } = await readSecret('fastauth', { signal });
 *     return keys.map(({ id, jwk, current }) => ({ kid: id, jwk, status: current ? 'signing' : 'verify-only' }));
 *   }
 * }
 */
export abstract class KeyProvider {
  /** @param signal aborted after 10 seconds, when the answer does not count any more */
  abstract load(signal: AbortSignal): Promise<readonly CryptographyKeyOptions[]>;
}
