import { get, listen } from '../lib/nest-app.js';

/**
 * The bare application once more: what the measuring itself makes of two equal things.
 * @param {{ carries?: boolean }} options `carries`: each connection sends a header that is a little longer than a token of ours, which nobody reads
 */
export async function start(framework, { carries = false }) {
  const requests = carries
    ? Array.from({ length: 64 }, (_, index) =>
        get('/bench/whoami', { 'ACCESS-TOKEN': String(index).padStart(TOKEN_LENGTH, 'a') }),
      )
    : [get('/bench/whoami')];
  return { app: await listen(framework), load: { requests, perConnection: carries } };
}

/** Characters; the tokens of the other rows have 263 or 264. */
const TOKEN_LENGTH = 282;
