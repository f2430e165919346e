import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { Storms } from '../../support/storms.js';

/** `FASTAUTH_TEST_SOCKETS=5000` for a real storm. */
const HANDSHAKES = Number(process.env['FASTAUTH_TEST_SOCKETS'] || 1500);
const PER_SECOND = 500;

let storms: Storms;
beforeAll(async () => {
  storms = await Storms.compile();
});
afterAll(() => storms.end());

it(
  `${HANDSHAKES} bad handshakes, ${PER_SECOND} a second, whose clients stay: open routes answer, and nothing stays`,
  async () => {
    const { url, swarm, settled } = await storms.start('socket.io');
    // Their clients neither answer the close nor go.
    const attack = (count: number): Promise<unknown> => {
      const spread = (count / PER_SECOND) * 1000;
      return swarm({ url: `${url}/live`, count, spread, io: true, mute: true, tokens: ['x.y.z'] });
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
    // What asks for the open route keeps a connection.
    const before = await settled(1);
    const visiting = visit();
    expect(await attack(HANDSHAKES)).toEqual({ admitted: 0, refused: HANDSHAKES, failed: 0 });
    visits.go = false;
    await visiting;
    const after = await settled(1);
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
