import { ACCESS_TOKEN } from '../wire/credential-names.js';
import { REPEATS } from './patience.js';
import { pause } from './pause.js';
import type { Fetch } from './post-form.js';
import { codeOf, isPassing, isRenewable } from './refusals.js';

/** Whoever has tokens: a session, or a service with credentials of its own. */
export interface TokenSource {
  /** @param refused a token that a server has refused */
  token(refused?: string): Promise<string | undefined>;
}

/**
 * `fetch` with an access token, for one origin; for others, and where a request brings a token of its own, plain `fetch`.
 * A token that was refused is renewed, once; what could not be checked (503) is sent again.
 */
export function authorizedFetch(source: TokenSource, base: string, send: Fetch): Fetch {
  const { origin } = new URL(base);
  return async (input, init) => {
    const isRequest = typeof input === 'object' && 'headers' in input;
    const url = new URL(isRequest ? input.url : input, base);
    const headers = new Headers(init?.headers ?? (isRequest ? input.headers : undefined));
    if (url.origin !== origin || headers.has('authorization') || headers.has(ACCESS_TOKEN))
      return send(isRequest ? input : url.href, init);
    const isRepeatable = !(init?.body as Partial<ReadableStream> | null | undefined)?.getReader;
    let token = await source.token();
    let isRenewed = false;
    for (let attempt = 0; ;) {
      if (token) headers.set('authorization', `Bearer ${token}`);
      const response = await send(isRequest ? input.clone() : url.href, { ...init, headers });
      const code = isRepeatable && [401, 503].includes(response.status) && (await codeOf(response));
      if (token && !isRenewed && isRenewable(code)) {
        isRenewed = true;
        token = await source.token(token);
        if (!token) return response;
      } else if (attempt < REPEATS && isPassing(code)) await pause(attempt++, response);
      else return response;
    }
  };
}
