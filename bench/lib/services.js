import { connect } from 'node:net';

/**
 * The `database-url` of each service that answers, ready for the store; FASTAUTH_BENCH_REDIS and
 * FASTAUTH_BENCH_POSTGRES name others than this machine's (empty: none). On PostgreSQL a database of its own is made. `close` drops it, and
 * removes from Redis what the benchmark's applications have left.
 */
export async function openServices() {
  const urls = {};
  const closing = [];
  const redis = process.env.FASTAUTH_BENCH_REDIS ?? 'redis://127.0.0.1:6379/9';
  if (redis && (await answers('redis', redis))) {
    urls.redis = redis;
    closing.push(() => removeKeys(redis));
  }
  const postgres = process.env.FASTAUTH_BENCH_POSTGRES ?? 'postgres://root@127.0.0.1:5432/test';
  if (postgres && (await answers('postgres', postgres))) {
    const database = await makeDatabase(postgres);
    urls.postgres = database.url;
    closing.push(database.drop);
  }
  return { urls, close: () => Promise.all(closing.map((act) => act())) };
}

async function removeKeys(url) {
  const { Redis } = await import('ioredis');
  const client = new Redis(url);
  for await (const keys of client.scanStream({ match: `bench-${process.pid}-*`, count: 1000 })) {
    if (keys.length > 0) await client.unlink(...keys);
  }
  client.disconnect();
}

async function makeDatabase(url) {
  const { default: pg } = await import('pg');
  const { SqlTokenStore } = await import('../../dist/stores/sql/sql.store.js');
  const name = `fastauth_bench_${process.pid}`;
  const own = new URL(url);
  own.pathname = `/${name}`;
  const administer = async (statement) => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query(statement);
    await client.end();
  };
  await administer(`CREATE DATABASE ${name}`);
  await new SqlTokenStore({ url: own.href }).migrate();
  return { url: own.href, drop: () => administer(`DROP DATABASE ${name} WITH (FORCE)`) };
}

function answers(name, url) {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port), timeout: 1000 });
    const end = (result) => {
      socket.destroy();
      if (!result) process.stderr.write(`${name} does not answer: its rows are left out\n`);
      resolve(result);
    };
    socket
      .once('connect', () => end(true))
      .once('error', () => end(false))
      .once('timeout', () => end(false));
  });
}
