import { describe, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { connect } from 'node:net';
import { promisify } from 'node:util';

/** Servers that some specs need. Each is where it is by default, or where the variable says. */
const SERVICES = {
  Redis: ['FASTAUTH_TEST_REDIS_URL', 'redis://127.0.0.1:6379'],
  PostgreSQL: ['FASTAUTH_TEST_POSTGRES_URL', 'postgres://root@127.0.0.1:5432/test'],
  MariaDB: ['FASTAUTH_TEST_MARIADB_URL', 'mysql://root@127.0.0.1:3306/test'],
  NATS: ['FASTAUTH_TEST_NATS_URL', 'nats://127.0.0.1:4222'],
  RabbitMQ: ['FASTAUTH_TEST_RABBITMQ_URL', 'amqp://127.0.0.1:5672'],
  Mosquitto: ['FASTAUTH_TEST_MOSQUITTO_URL', 'mqtt://127.0.0.1:1883'],
} as const;

export type Service = keyof typeof SERVICES;

const PATIENCE_MS = 1000;

export function serviceUrl(service: Service): string {
  const [variable, url] = SERVICES[service];
  return process.env[variable] || url;
}

/**
 * `describe` for tests that need a service: where it does not answer they are skipped, and say so; with
 * `FASTAUTH_TEST_REQUIRE_SERVICES=1` the spec fails instead.
 * @param programs what is needed beside it
 *
 * @example
 * const describePostgres = await describeWith('PostgreSQL');
 */
export async function describeWith(
  service: Service,
  ...programs: readonly string[]
): Promise<(name: string, define: () => void) => void> {
  const { host } = new URL(serviceUrl(service));
  const isThere = await isServiceThere(service);
  const found = await Promise.all(programs.map(hasProgram));
  const missing = isThere ? programs.filter((_, n) => !found[n]).join() : `${service} at ${host}`;
  return describeIf(isThere && found.every(Boolean), `no ${missing}`);
}

export function isServiceThere(service: Service): Promise<boolean> {
  const { hostname, port } = new URL(serviceUrl(service));
  return answers(hostname, Number(port));
}

type Declare<Body> = (name: string, body: Body, timeout?: number) => void;

/**
 * `describe` for tests that need something of this machine: without it they are skipped, and say so; with
 * `FASTAUTH_TEST_REQUIRE_SERVICES=1` the spec fails instead, unless this kind of machine cannot have it.
 *
 * @example
 * const describeOnLinux = describeIf(process.platform === 'linux', 'no Linux', false);
 */
// Skipped where the machine lacks what is tested, and nowhere else: `conditional` throws where it must be there.
export const describeIf = conditional<() => void>(describe, describe.skip);
/** As {@link describeIf}, for one test. */
// Skipped on the same condition.
export const itIf = conditional<() => Promise<void>>(it, it.skip);

function conditional<Body>(declare: Declare<Body>, skip: Declare<Body>) {
  return (isThere: boolean, missing: string, couldBeThere = true): Declare<Body> => {
    if (isThere) return declare;
    if (couldBeThere && process.env['FASTAUTH_TEST_REQUIRE_SERVICES'] === '1') {
      throw new Error(`There is ${missing}, and FASTAUTH_TEST_REQUIRE_SERVICES is set.`);
    }
    return (name, body, timeout) => skip(`${name} (skipped: ${missing})`, body, timeout);
  };
}

/** Mounts and namespaces are made by root. */
export const IS_LINUX_ROOT = process.platform === 'linux' && process.getuid?.() === 0;

/** Whether this machine has the program. */
export async function hasProgram(program: string): Promise<boolean> {
  return promisify(execFile)(program, ['--version']).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
  );
}

function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: PATIENCE_MS });
    const end = (answered: boolean) => () => {
      socket.destroy();
      resolve(answered);
    };
    socket.on('connect', end(true)).on('timeout', end(false)).on('error', end(false));
  });
}
