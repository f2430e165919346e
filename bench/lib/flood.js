import { send } from './measure.js';

/** What a flood leaves behind: heap, and whether known tokens were forgotten. Needs a server with `--expose-gc`. */
export async function floodFacts(running, count) {
  const { server, guarded } = running;
  const requests = await server.ask({ type: 'call', name: 'good' });
  const good = { port: guarded.port, requests };
  const lookups = () => server.ask({ type: 'call', name: 'cacheLookups' });
  await send(running, good, requests.length);
  const heapBefore = await server.ask({ type: 'heap' });
  const before = await lookups();
  await send(running, guarded, count);
  const flooded = await lookups();
  await send(running, good, requests.length);
  const after = await lookups();
  const heapAfter = await server.ask({ type: 'heap' });
  return {
    count,
    grownBytes: heapAfter - heapBefore,
    seen: flooded.misses - before.misses,
    known: requests.length,
    forgotten: after.misses - flooded.misses,
  };
}
