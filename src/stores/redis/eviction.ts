import type { Redis } from 'ioredis';

/** By which policy one of the servers drops keys before their end when its memory is full; undefined: none does. */
export async function evictionPolicy(nodes: readonly Redis[]): Promise<string | undefined> {
  for (const node of nodes) {
    const memory = await node.info('memory');
    const policy = /^maxmemory_policy:(\S+)/m.exec(memory)?.[1];
    const isLimited = /^maxmemory:[1-9]/m.test(memory);
    if (isLimited && policy !== undefined && policy !== 'noeviction') return policy;
  }
  return undefined;
}
