// A store of bench:scale without an application: it is filled, listed, swept and copied, in a process of its own.
import { randomFillSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { copyStore } from '../dist/index.js';
import { LmdbTokenStore } from '../dist/stores/lmdb/lmdb.store.js';
import { everySession } from '../build/sessions/every-session.js';
import { LmdbAccess } from '../build/stores/lmdb/access.js';
import { putSession, storableKey } from '../build/stores/lmdb/records.js';
import { encodeSessionRecord } from '../build/stores/session-record.codec.js';
import { createTokenStore } from '../build/stores/open-store.js';
import { answer } from './lib/answer.js';

const { databaseUrl, appName } = JSON.parse(process.argv[2]);
const isEmbedded = databaseUrl.startsWith('lmdb:');
const store = await createTokenStore({
  databaseUrl,
  appName,
  headers: {},
  storeTimeout: 30,
  trackedCacheSize: 0,
});
await store.open();
const access = isEmbedded ? new LmdbAccess(databaseUrl.slice('lmdb:'.length), 60) : undefined;
await access?.open();

/** Writes that the embedded store puts on disk together; stores across a network take fewer at a time. */
const AT_ONCE = isEmbedded ? 10_000 : 64;
/** As many as the sweeper of an application drops at a time. */
const SWEPT_AT_ONCE = 200;
const MULTIPLIED_AT_ONCE = 50_000;
const YEAR = 31_536_000;

const random = Buffer.alloc(80);

/** Sessions as they are copied in: a signature each would take longer than what is measured. */
function session(clientId, endsIn) {
  const now = Math.floor(Date.now() / 1000);
  randomFillSync(random);
  return {
    familyId: random.base64urlSlice(0, 16),
    clientId,
    generation: 0,
    accessHash: random.base64urlSlice(16, 48),
    accessExpiresAt: now + Math.min(endsIn, YEAR / 12),
    refreshHash: random.base64urlSlice(48, 80),
    refreshExpiresAt: now + endsIn,
    createdAt: now,
  };
}

async function put(count, recordOf) {
  for (let done = 0; done < count;) {
    const batch = Array.from({ length: Math.min(AT_ONCE, count - done) }, (_, index) =>
      recordOf(done + index),
    );
    await (isEmbedded ? putTogether(batch) : putEach(batch));
    done += batch.length;
  }
}

async function putEach(batch) {
  await Promise.all(batch.map((record) => store.restore(record, record.createdAt)));
}

/** As the embedded store writes them, without a promise and a timer for each: ten million would take an hour. */
async function putTogether(batch) {
  await access.write((files) => {
    for (const record of batch)
      putSession(files, storableKey(record), record, encodeSessionRecord(record), undefined);
  });
}

/** By the database itself, from a row that the store has written: one statement each would take as long as all else. */
async function multiply(from, to) {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await put(1, () => session(`filler-${from}`, YEAR));
  for (let first = from + 1; first < to; first += MULTIPLIED_AT_ONCE) {
    const last = Math.min(first + MULTIPLIED_AT_ONCE, to) - 1;
    await client.query(
      `INSERT INTO fastauth_sessions (app, client_id, family_id, generation, access_hash, access_expires_at,
         refresh_hash, refresh_expires_at, created_at, expires_at)
       SELECT app, convert_to('filler-' || i, 'UTF8'), convert_to(left(md5(i::text), 22), 'UTF8'), generation,
         sha256(convert_to('access' || i, 'UTF8')), access_expires_at,
         sha256(convert_to('refresh' || i, 'UTF8')), refresh_expires_at, created_at, expires_at
       FROM fastauth_sessions, generate_series($1::int, $2::int) AS i WHERE client_id = $3`,
      [first, last, Buffer.from(`filler-${from}`)],
    );
  }
  await client.query('ANALYZE fastauth_sessions');
  await client.end();
}

async function fill({ from, to }) {
  if (databaseUrl.startsWith('postgres')) return multiply(from, to);
  await put(to - from, (index) => session(`filler-${from + index}`, YEAR));
  return undefined;
}

/** @returns of `work`, microseconds for each of the things that it says it did, on the clock and of this process's CPU */
async function timed(work) {
  const startedAt = performance.now();
  const before = process.cpuUsage();
  const count = await work();
  const { user, system } = process.cpuUsage(before);
  return { count, wall: ((performance.now() - startedAt) * 1000) / count, cpu: (user + system) / count };
}

function list() {
  return timed(async () => {
    let count = 0;
    for await (const _ of everySession(store, 'This store cannot list.')) count++;
    return count;
  });
}

/** Drops sessions that have expired, which are put there before, uncounted. */
async function sweep({ count }) {
  await put(count, (index) => session(`expired-${index}`, -60));
  const now = Math.floor(Date.now() / 1000);
  return timed(async () => {
    let swept = 0;
    for (let last = SWEPT_AT_ONCE; last >= SWEPT_AT_ONCE; swept += last) {
      last = await store.sweep(now, SWEPT_AT_ONCE);
    }
    return swept;
  });
}

/** A source that has no more than so many of the store's sessions, and nothing else. */
function firstOf(most) {
  let left = most;
  return {
    async listAll(options) {
      const page = await store.listAll(options);
      left -= page.sessions.length;
      return left > 0 ? page : { ...page, next: undefined };
    },
  };
}

/** What `fastauth store copy` does, into an embedded store that is new. */
async function copy({ most }) {
  const folder = mkdtempSync(join(tmpdir(), 'fastauth-scale-copy-'));
  const to = new LmdbTokenStore({ folder, timeout: 30, trackedCacheSize: 0 });
  try {
    await to.open();
    return await timed(async () => (await copyStore({ from: firstOf(most), to })).copied);
  } finally {
    await to.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function close() {
  await access?.close();
  await store.close();
}

answer({ ready: () => true, fill, list, sweep, copy }, close);
