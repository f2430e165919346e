import { get, listen } from '../lib/nest-app.js';

/** The bare application once more: what the measuring itself makes of two equal things. */
export async function start(framework) {
  return { app: await listen(framework), load: { requests: [get('/bench/whoami')] } };
}
