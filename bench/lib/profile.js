import { send, startCase, stopCase } from './measure.js';

/** Where the CPU goes in guarded requests on the embedded store, Fastify. */
export async function profileFacts(count, step) {
  step('profile, embedded store');
  const options = { load: 'seen', store: 'lmdb' };
  const running = await startCase('fastify', { subject: 'fastauth', options });
  try {
    await send(running, running.guarded, count / 2);
    await running.server.ask({ type: 'start-profile' });
    await send(running, running.guarded, count);
    return { requests: count, ...(await running.server.ask({ type: 'stop-profile' })) };
  } finally {
    await stopCase(running);
  }
}
