import { get, listen } from '../lib/nest-app.js';

/** A guard that lets everybody in: what Nest asks for calling one. */
export async function start(framework) {
  const guard = { canActivate: () => true };
  return { app: await listen(framework, { guard }), load: { requests: [get('/bench/whoami')] } };
}
