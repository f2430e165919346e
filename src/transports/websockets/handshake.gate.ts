import { type BeforeApplicationShutdown, Injectable, type WebSocketAdapter } from '@nestjs/common';
import { ApplicationConfig } from '@nestjs/core';
import { ConfigError } from '../../errors.js';
import { OpenConnections } from '../open-connections.js';
import type { ServedGateways } from './gated-server.js';
import { type Gateway, GatewayTable, normalizePath } from './gateway-table.js';
import { Handshake } from './handshake.js';
import { LiveSockets } from '../live/live-sockets.js';
import { Reauthentication } from './reauthentication.js';
import { closeIoClients, cutIoClients, hasIoClients } from './socket-io/io-farewell.js';
import { isIoServer, serverOfNamespace } from './socket-io/io-server.js';
import { gateIoServer } from './socket-io/io-server.gate.js';
import { Heartbeat } from './ws/heartbeat.js';
import { closeWsClients, gateWsServer, isWsServer } from './ws/ws-server.gate.js';

type ServerOptions = { readonly path?: string } | undefined;

/** How long sockets have to answer the close at shutdown, before their connections are cut: of ws, by Nest. */
const FAREWELL_MS = 1000;
const LOOK_EVERY_MS = 20;

/**
 * Gates every server that the application's WebSocket adapter creates. It takes hold of the adapter when it is
 * constructed, which is before gateways are bound to servers.
 */
@Injectable()
export class HandshakeGate implements BeforeApplicationShutdown {
  readonly #gated = new Map<object, ServedGateways>();
  readonly #gatedOnOwnPort = new Map<object, ServedGateways>();

  constructor(
    private readonly gateways: GatewayTable,
    private readonly handshake: Handshake,
    private readonly live: LiveSockets,
    private readonly reauthentication: Reauthentication,
    private readonly heartbeat: Heartbeat,
    private readonly connections: OpenConnections,
    config: ApplicationConfig,
  ) {
    const current = config.getIoAdapter() as WebSocketAdapter | null;
    if (current) this.takeHold(current);
    const setIoAdapter = config.setIoAdapter.bind(config);
    config.setIoAdapter = (adapter) => {
      this.takeHold(adapter);
      setIoAdapter(adapter);
    };
  }

  /** The gated servers that share the port of the application, each with what it serves. */
  get ofApplication(): ReadonlyMap<object, ServedGateways> {
    return this.#gatedOnOwnPort;
  }

  /** Sockets are told that the server goes away. */
  async beforeApplicationShutdown(): Promise<void> {
    this.handshake.close();
    const servers = [...this.#gated.keys()];
    for (const server of servers) {
      if (isIoServer(server)) closeIoClients(server);
      else if (isWsServer(server)) closeWsClients(server);
    }
    for (let waited = 0; waited < FAREWELL_MS && servers.some(hasClients); waited += LOOK_EVERY_MS) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
    servers.filter(isIoServer).forEach(cutIoClients);
  }

  private takeHold(adapter: WebSocketAdapter): void {
    const create = adapter.create.bind(adapter);
    adapter.create = (port: number, options?: ServerOptions) => {
      const server: unknown = create(port, options);
      const take = (ready: unknown): unknown => {
        for (const each of httpServersOf(ready, adapter, port)) this.connections.follow(each);
        return this.gatedServer(ready, port, options);
      };
      return server instanceof Promise ? server.then(take) : take(server);
    };
  }

  /** @throws ConfigError the server is of a kind that cannot be gated, and would have to be */
  private gatedServer<T>(server: T, port: number, options: ServerOptions): T {
    const gateways = this.gateways.servedAt(port, options?.path);
    const path = normalizePath(options?.path);
    if (gateways.length === 0) {
      throw new ConfigError([
        `a WebSocket server is made for ${path} (port ${port}), but no gateway is known there, so nobody can tell what it needs.`,
      ]);
    }
    if (typeof server === 'object' && server !== null && this.isGated(server, port, path, gateways))
      return server;
    const requirement = this.handshake.requirementOf({ gateways, paths: [path] });
    if (!requirement.isOpen) {
      throw new ConfigError([
        `the gateways at ${path} (${gateways.map(({ metatype }) => metatype.name).join(', ')}) need ${requirement.describe()}, ` +
          'but the WebSocket adapter makes servers whose handshakes cannot be guarded. ' +
          'Use WsAdapter of @nestjs/platform-ws or IoAdapter of @nestjs/platform-socket.io, or mark the gateways @Public().',
      ]);
    }
    return server;
  }

  /** Gates the server if that can be done. An adapter may answer with the same server again, or with a namespace. */
  private isGated(created: object, port: number, path: string, gateways: readonly Gateway[]): boolean {
    const server = serverOfNamespace(created) ?? created;
    const known = this.#gated.get(server);
    if (known) {
      known.paths = [...new Set([...known.paths, path])];
      known.gateways = [...new Set([...known.gateways, ...gateways])];
      return true;
    }
    const { handshake, live, reauthentication, heartbeat } = this;
    const served: ServedGateways = { paths: [path], gateways };
    const control = { handshake, live, reauthentication, heartbeat };
    if (isIoServer(server)) gateIoServer(server, control, served);
    else if (isWsServer(server)) gateWsServer(server, control, served);
    else return false;
    this.#gated.set(server, served);
    if (port === 0) this.#gatedOnOwnPort.set(server, served);
    this.live.start();
    return true;
  }
}

/** The server of a port of a gateway's own, as far as library and adapter show it. */
function httpServersOf(server: unknown, adapter: WebSocketAdapter, port: number): readonly unknown[] {
  if (typeof server !== 'object' || server === null) return [];
  const registry: unknown = Reflect.get(adapter, 'httpServersRegistry');
  return [
    Reflect.get(serverOfNamespace(server) ?? server, 'httpServer'),
    Reflect.get(server, '_server'),
    registry instanceof Map ? registry.get(port) : undefined,
  ];
}

function hasClients(server: object): boolean {
  if (isIoServer(server)) return hasIoClients(server);
  return isWsServer(server) && (server.clients?.size ?? 0) > 0;
}
