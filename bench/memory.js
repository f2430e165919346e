// Bytes per remembered token in the heap and per session on disk, with the embedded store, so that sessions are not in the heap.
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FastauthModule, TokenService } from '../dist/index.js';
import { listen } from './lib/nest-app.js';

const count = Number(process.argv[2]);
const folder = mkdtempSync(join(tmpdir(), 'fastauth-bench-'));
const app = await listen('fastify', {
  imports: [
    FastauthModule.forRoot({
      configFile: false,
      envFile: false,
      databaseUrl: `lmdb:${folder}`,
      cryptographyKey: 'a secret of the benchmark, thirty-two bytes or more',
      verifiedTokenCacheSize: count,
      trackedCacheSize: 0,
      auditLog: 'off',
    }),
  ],
});
const tokens = app.get(TokenService);
const sizeOnDisk = () => statSync(join(folder, 'data.mdb')).blocks * 512;
const heap = () => {
  for (let round = 0; round < 4; round++) globalThis.gc();
  return process.memoryUsage().heapUsed;
};
const issued = async (prefix, number) => {
  const texts = [];
  while (texts.length < number) {
    const batch = Array.from({ length: 500 }, (_, index) =>
      tokens.issue({ clientId: `${prefix}-${texts.length + index}` }),
    );
    for (const { accessToken } of await Promise.all(batch)) texts.push(accessToken);
  }
  return texts;
};
// Code that is compiled and tables that grow at first use are not what a token takes.
for (const token of await issued('first', 500)) await tokens.check(token);
const empty = sizeOnDisk();
const texts = await issued('client', count - 500);
const disk = (sizeOnDisk() - empty) / texts.length;
// As they come from the network: one flat text each.
const received = texts.map((text) => Buffer.from(text).toString('latin1'));
const before = heap();
for (const [index, token] of received.entries()) {
  await tokens.check(token);
  // Timers that the store sets for a read are gone once they may run.
  if (index % 500 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
}
await new Promise((resolve) => setTimeout(resolve, 10));
const memory = (heap() - before) / received.length;
await app.close();
rmSync(folder, { recursive: true, force: true });
// Named here once more, so that neither list is collected before the heap is measured.
console.log(JSON.stringify({ count: Math.min(texts.length, received.length), memory, disk }));
