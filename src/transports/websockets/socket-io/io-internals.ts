import { createRequire } from 'node:module';
import { join } from 'node:path';
import { ConfigError } from '../../../errors.js';
import { MAIN, type IoServer } from './io-server.js';

type Kind = 'function' | 'list' | 'map' | 'object';

/** What socket.io and engine.io declare private and is used here, with what it has to be. */
const OF_SERVER = { _nsps: 'map', parentNsps: 'map', _checkNamespace: 'function' } as const;
const OF_NAMESPACE = {
  sockets: 'map',
  _preConnectSockets: 'map',
  _fns: 'list',
  _createSocket: 'function',
  _remove: 'function',
} as const;
const OF_ENGINE = { clients: 'object', opts: 'object' } as const;

/**
 * The gate stands on members that socket.io may change in any version. Without one of them handshakes would pass
 * unseen, or fail one by one.
 * @throws ConfigError naming the version, and what it lacks
 */
export function assertIoInternals(server: IoServer): void {
  const lacking = [
    ...lackingOf('Server', server, OF_SERVER),
    ...lackingOf('Namespace', server._nsps?.get?.(MAIN), OF_NAMESPACE),
    // Undefined until the server is attached.
    ...(server.engine === undefined ? [] : lackingOf('engine', server.engine, OF_ENGINE)),
  ];
  if (lacking.length === 0) return;
  throw new ConfigError([
    `socket.io ${installedVersion()} cannot be guarded: it lacks ${lacking.join(', ')}. ` +
      'Install the 4.8 that @nestjs/platform-socket.io asks for, or a nestjs-fastauth that knows this version.',
  ]);
}

function lackingOf(owner: string, holder: unknown, members: Readonly<Record<string, Kind>>): string[] {
  return Object.entries(members)
    .filter(([name, kind]) => !isKind(Reflect.get(Object(holder), name), kind))
    .map(([name]) => `${owner}.${name}`);
}

function isKind(value: unknown, kind: Kind): boolean {
  if (kind === 'list') return Array.isArray(value);
  if (kind === 'map') return value instanceof Map;
  return value !== null && typeof value === kind;
}

/** For people: that of the package which Nest's adapter uses. */
function installedVersion(): string {
  try {
    const adapter = createRequire(join(process.cwd(), 'package.json')).resolve('@nestjs/platform-socket.io');
    const { version } = createRequire(adapter)('socket.io/package.json') as { version: string };
    return version;
  } catch {
    return 'of an unknown version';
  }
}
