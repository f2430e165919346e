import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child } from './child.js';
import { FeedRelay } from './feed-relay.js';

const REVOCATIONS = 20;
/** What the connection that tells of changes has sent, by the store's scheme. */
const FEEDS = { 'redis:': 'TRACKING', 'postgres:': 'listen ' };

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
      const feed = FEEDS[new URL(databaseUrl).protocol];
      if (!feed) continue;
      step(`staleness, ${title}, without its feed`);
      facts.push(await lastAcceptedWithoutFeed(title, databaseUrl, feed));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return facts;
}

async function lastAccepted(title, databaseUrl) {
  const children = {
    'the revoking process': start(databaseUrl),
    'another process': start(databaseUrl),
  };
  try {
    const [own, other] = Object.values(children);
    const worst = {};
    for (let round = 0; round < REVOCATIONS; round++) {
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
      revocations: REVOCATIONS,
    }));
  } finally {
    await Promise.all(Object.values(children).map((child) => child.close()));
  }
}

/**
 * The worst case: to the other process, the connection that tells of changes falls silent without being closed, and
 * then the token is revoked.
 */
async function lastAcceptedWithoutFeed(title, databaseUrl, feed) {
  const relay = await FeedRelay.start(databaseUrl);
  const own = start(databaseUrl);
  const other = start(relay.url);
  try {
    let worst = -Infinity;
    for (let round = 0; round < 3; round++) {
      const token = await own.ask({ type: 'issue', clientId: `unheard-${round}` });
      await other.ask({ type: 'ask-on', token });
      await new Promise((resolve) => setTimeout(resolve, 300));
      if (relay.silence(feed) === 0) throw new Error(`staleness, ${title}: there is no feed to cut`);
      const revokedAt = await own.ask({ type: 'revoke', clientId: `unheard-${round}` });
      const { last, refusal } = await other.ask({ type: 'last-accepted' });
      if (refusal !== 401) throw new Error(`staleness, ${title}: refused with ${refusal}`);
      worst = Math.max(worst, last - revokedAt);
      // Until it has noticed, and hears again over a new connection.
      await new Promise((resolve) => setTimeout(resolve, 4000));
    }
    return {
      title: `${title}, its feed silent (promised: 2000 ms at most)`,
      process: 'another process',
      lastAccepted: worst > 0 ? worst : undefined,
    };
  } finally {
    await Promise.all([own.close(), other.close()]);
    await relay.stop();
  }
}

function start(databaseUrl) {
  const appName = `bench-${process.pid}-stale`;
  return new Child('../stale-server.js', { args: [JSON.stringify({ databaseUrl, appName })] });
}
