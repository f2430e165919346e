import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child } from './child.js';

/**
 * Revokes while two processes keep asking with the token, and tells when the last request that each of them admitted
 * was sent, in milliseconds after the revoking process had its answer (undefined: before it).
 */
export async function stalenessFacts(services, step) {
  const folder = mkdtempSync(join(tmpdir(), 'fastauth-bench-'));
  const stores = [
    ['embedded store', `lmdb:${folder}`],
    ...(services.redis ? [['Redis', services.redis]] : []),
    ...(services.postgres ? [['PostgreSQL', services.postgres]] : []),
  ];
  const facts = [];
  try {
    for (const [title, databaseUrl] of stores) {
      step(`staleness, ${title}`);
      facts.push(...(await lastAccepted(title, databaseUrl)));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return facts;
}

async function lastAccepted(title, databaseUrl) {
  const appName = `bench-${process.pid}-stale`;
  const args = [JSON.stringify({ databaseUrl, appName })];
  const children = {
    'the revoking process': new Child('../stale-server.js', { args }),
    'another process': new Child('../stale-server.js', { args }),
  };
  try {
    const [own, other] = Object.values(children);
    const worst = {};
    for (let round = 0; round < 20; round++) {
      const token = await own.ask({ type: 'issue', clientId: `client-${round}` });
      await Promise.all([own, other].map((child) => child.ask({ type: 'ask-on', token })));
      await new Promise((resolve) => setTimeout(resolve, 30));
      const revokedAt = await own.ask({ type: 'revoke', clientId: `client-${round}` });
      for (const [name, child] of Object.entries(children)) {
        const { last, refusal } = await child.ask({ type: 'last-accepted' });
        if (refusal !== 401) throw new Error(`staleness, ${title}: ${name} refused with ${refusal}`);
        worst[name] = Math.max(worst[name] ?? -Infinity, last - revokedAt);
      }
    }
    return Object.entries(worst).map(([name, late]) => ({
      title,
      process: name,
      lastAccepted: late > 0 ? late : undefined,
    }));
  } finally {
    await Promise.all(Object.values(children).map((child) => child.close()));
  }
}
