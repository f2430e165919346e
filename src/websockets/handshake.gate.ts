import { Injectable, type WebSocketAdapter } from '@nestjs/common';
import { ApplicationConfig } from '@nestjs/core';
import { describeDemand, NONE } from '../access/demand.js';
import { ConfigError } from '../errors.js';
import { GatewayTable, normalizePath } from './gateway-table.js';
import { Handshake } from './handshake.js';
import { gateIoServer, isIoNamespace, isIoServer } from './io-server.gate.js';
import { gateWsServer, isWsServer } from './ws-server.gate.js';

type ServerOptions = { readonly path?: string } | undefined;

/**
 * Gates every server that the application's WebSocket adapter creates. It takes hold of the adapter when it is
 * constructed, which is before gateways are bound to servers.
 */
@Injectable()
export class HandshakeGate {
  constructor(
    private readonly gateways: GatewayTable,
    private readonly handshake: Handshake,
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

  private takeHold(adapter: WebSocketAdapter): void {
    const create = adapter.create.bind(adapter);
    adapter.create = (port: number, options?: ServerOptions) => {
      const server: unknown = create(port, options);
      if (server instanceof Promise) return server.then((ready) => this.gated(ready, port, options));
      return this.gated(server, port, options);
    };
  }

  /** @throws ConfigError the server is of a kind that cannot be gated, and would have to be */
  private gated<T>(server: T, port: number, options: ServerOptions): T {
    const gateways = this.gateways.servedAt(port, options?.path);
    const path = normalizePath(options?.path);
    if (gateways.length === 0) {
      throw new ConfigError([
        `a WebSocket server is made for ${path} (port ${port}), but no gateway is known there, so nobody can tell what it needs.`,
      ]);
    }
    if (typeof server === 'object' && server !== null) {
      if (isIoServer(server)) {
        gateIoServer(server, this.handshake, path, gateways);
        return server;
      }
      if (isIoNamespace(server)) return server;
      if (isWsServer(server)) {
        gateWsServer(server, this.handshake, path, gateways);
        return server;
      }
    }
    const demand = this.handshake.demandOf(gateways, [path]);
    if (demand !== NONE) {
      throw new ConfigError([
        `the gateways at ${path} (${gateways.map(({ metatype }) => metatype.name).join(', ')}) need ${describeDemand(demand)}, ` +
          'but the WebSocket adapter makes servers whose handshakes cannot be guarded. ' +
          'Use WsAdapter of @nestjs/platform-ws or IoAdapter of @nestjs/platform-socket.io, or mark the gateways @Public().',
      ]);
    }
    return server;
  }
}
