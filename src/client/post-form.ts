import { FastauthClientError } from './client-error.js';
import { ATTEMPTS, TIMEOUT } from './patience.js';
import { pause } from './pause.js';

export type Fetch = typeof globalThis.fetch;

/** Statuses that say nothing of what was sent: it may be sent again. */
const PASSING = [429, 502, 503, 504];

/**
 * Sends a form (which needs no preflight of CORS), again where nobody answered or the server says: later.
 * @returns the answer, whatever it says
 * @throws FastauthClientError each answer was: later. The error of `fetch`: there was none
 */
export async function postForm(
  send: Fetch,
  url: string,
  form: Readonly<Record<string, string>>,
  headers?: Readonly<Record<string, string>>,
): Promise<Response> {
  const body = String(new URLSearchParams(form));
  for (let attempt = 1; ; attempt++) {
    const aborter = new AbortController();
    const timer = setTimeout(() => aborter.abort(), TIMEOUT);
    let response: Response | undefined;
    try {
      response = await send(url, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
        body,
        // Elsewhere nobody may have what is in it, or answer for this server.
        redirect: 'error',
        signal: aborter.signal,
      });
      const { status } = response;
      if (!PASSING.includes(status)) return response;
      if (attempt === ATTEMPTS) throw new FastauthClientError(`Not now: status ${status}`, status);
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
    } finally {
      clearTimeout(timer);
    }
    await pause(attempt, response);
  }
}
