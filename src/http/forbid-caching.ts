import type { AbstractHttpAdapter } from '@nestjs/core';
import type { TokenRequest } from './token-request.js';

/** Keeps an answer that tells of tokens out of every cache. @see RFC 6749 section 5.1 */
export function forbidCaching(adapter: AbstractHttpAdapter, request: TokenRequest, response: unknown): void {
  adapter.setHeader(response, 'Cache-Control', 'no-store');
  // Express would turn the answer into a 304 without a body, and what is in it would be lost.
  delete request.headers['if-none-match'];
  delete request.headers['if-modified-since'];
}
