import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { arch, cpus, loadavg, platform, release, totalmem } from 'node:os';
import { CONNECTIONS } from './connections.js';

const PACKAGES = [
  '@nestjs/core',
  'fastify',
  'express',
  'lmdb',
  'ioredis',
  'pg',
  'undici',
  '@nestjs/jwt',
  'passport-jwt',
  'fast-jwt',
  'jose',
  '@node-rs/jsonwebtoken',
  'better-auth',
];
const REDIS = ['appendonly', 'appendfsync', 'save', 'maxmemory-policy'];
const POSTGRES = ['server_version', 'fsync', 'synchronous_commit', 'shared_buffers', 'max_connections'];

/** What the figures depend on, as the report tells it. */
export async function settingsOf({ set, starts, services }) {
  const [cpu] = cpus();
  return {
    node: process.versions.node,
    v8: process.versions.v8,
    set,
    starts,
    connections: CONNECTIONS,
    startedAt: new Date().toISOString(),
    commit: commit(),
    machine: {
      cpus: `${cpus().length} × ${cpu.model.trim()}`,
      memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
      system: `${platform()} ${/^\d+\.\d+/.exec(release())?.[0]}, ${arch()}`,
      loadBefore: loadavg()[0],
    },
    packages: Object.fromEntries(PACKAGES.map((name) => [name, versionOf(name)])),
    stores: {
      ...(services.redis ? { Redis: await redisSettings(services.redis) } : {}),
      ...(services.postgres ? { PostgreSQL: await postgresSettings(services.postgres) } : {}),
    },
  };
}

/** Of the packages that the benchmark's subjects load. */
function versionOf(name) {
  const [own, shared] = [`../node_modules/${name}/package.json`, `../../node_modules/${name}/package.json`];
  const file = [own, shared].map((path) => new URL(path, import.meta.url)).find((url) => existsSync(url));
  return file ? JSON.parse(readFileSync(file, 'utf8')).version : 'not installed';
}

function commit() {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}

async function redisSettings(url) {
  const { Redis } = await import('ioredis');
  const client = new Redis(url);
  const version = /redis_version:(\S+)/.exec(await client.info('server'))?.[1];
  const values = await Promise.all(REDIS.map((name) => client.config('GET', name)));
  client.disconnect();
  return {
    version,
    ...Object.fromEntries(values.map(([name, value], index) => [name ?? REDIS[index], value])),
  };
}

async function postgresSettings(url) {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const settings = {};
  for (const name of POSTGRES) {
    const { rows } = await client.query(`SHOW ${name}`);
    settings[name === 'server_version' ? 'version' : name] = rows[0][name];
  }
  await client.end();
  return settings;
}
