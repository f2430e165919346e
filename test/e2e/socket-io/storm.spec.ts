import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { JsonChild } from '../../support/child-process.js';
import { compile, type CompiledFiles } from '../../support/compile.js';

/** `FASTAUTH_TEST_SOCKETS=5000` for a real storm. */
const HANDSHAKES = Number(process.env['FASTAUTH_TEST_SOCKETS'] || 1500);
const PER_SECOND = 500;

let files: CompiledFiles[];
const children: JsonChild[] = [];

beforeAll(async () => {
  files = [await compile('test/support/socket-server.ts'), await compile('test/support/socket-swarm.ts')];
});
afterAll(async () => {
  await Promise.all(children.map((child) => child.kill()));
  for (const each of files) each.remove();
});

it(
  `${HANDSHAKES} bad handshakes, ${PER_SECOND} a second, whose clients stay: open routes answer, and nothing stays`,
  async () => {
    const [serverFiles, swarmFiles] = files;
    const server = new JsonChild(process.execPath, [
      '--expose-gc',
      serverFiles?.entry ?? '',
      'memory:',
      'fastauth',
      'socket.io',
    ]);
    const clients = new JsonChild(process.execPath, [swarmFiles?.entry ?? '']);
    children.push(server, clients);
    const { url } = (await server.next<{ url: string }>()) ?? { url: '' };
    const state = async (): Promise<{ used: number; connections: number }> => {
      server.tell(['state', null]);
      return (await server.next<{ used: number; connections: number }>()) ?? { used: 0, connections: -1 };
    };
    const attack = async (count: number): Promise<unknown> => {
      const spread = (count / PER_SECOND) * 1000;
      clients.tell({ url: `${url}/live`, count, spread, io: true, mute: true, tokens: ['x.y.z'] });
      return clients.next();
    };
    // Their clients neither answer the close nor go.
    const settled = async (): Promise<{ used: number; connections: number }> => {
      for (let waited = 0; waited < 100; waited++) {
        const now = await state();
        // What asks for the open route keeps one.
        if (now.connections <= 1) return now;
        await sleep(100);
      }
      return state();
    };
    const latencies: number[] = [];
    const visits = { go: true };
    const visit = async (): Promise<void> => {
      while (visits.go) {
        const began = performance.now();
        const { status } = await fetch(`${url}/health`);
        latencies.push(performance.now() - began);
        expect(status).toBe(200);
        await sleep(5);
      }
    };

    // Once to have everything compiled and allocated.
    expect(await attack(300)).toMatchObject({ refused: 300 });
    const before = await settled();
    const visiting = visit();
    expect(await attack(HANDSHAKES)).toEqual({ admitted: 0, refused: HANDSHAKES, failed: 0 });
    visits.go = false;
    await visiting;
    const after = await settled();
    expect(after.connections).toBeLessThanOrEqual(1);
    const grown = after.used - before.used;
    latencies.sort((one, other) => one - other);
    const p99 = latencies[Math.floor(latencies.length * 0.99)];
    if (process.env['FASTAUTH_TEST_SOCKETS']) console.info({ requests: latencies.length, p99, grown });
    expect(latencies.length).toBeGreaterThan(50);
    expect(p99).toBeLessThan(200);
    expect(grown).toBeLessThan(4_000_000);
  },
  60_000 + HANDSHAKES * 4,
);
