import { Pool } from 'undici';
import { get, listen } from '../lib/nest-app.js';

const ANSWER = { data: { access_token: 'a'.repeat(280), refresh_token: 'r'.repeat(290) } };

/**
 * A guard that sends the persistence API one request by undici, over connections that are kept, and lets everybody in:
 * what reading a session there cannot cost less than.
 * @param {{ store: string }} options
 */
export async function start(framework, { store }) {
  const path = '/token?client_id=bench';
  const pool = new Pool(new URL(store).origin, { connections: 100 });
  const ask = (request) =>
    new Promise((resolve, reject) => {
      const chunks = [];
      pool.dispatch(request, {
        onRequestStart: () => undefined,
        onResponseData: (_connection, chunk) => void chunks.push(chunk),
        onResponseEnd: () => resolve(Buffer.concat(chunks).toString()),
        onResponseError: (_connection, error) => reject(error),
      });
    });
  await ask({ path, method: 'POST', body: JSON.stringify(ANSWER) });
  const guard = { canActivate: async () => (await ask({ path, method: 'GET' })).length > 0 };
  return { app: await listen(framework, { guard }), load: { requests: [get('/bench/whoami')] } };
}
