import type { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { type AbstractHttpAdapter, HttpAdapterHost } from '@nestjs/core';
import { DriverHooks } from './graphql/driver-hooks.js';
import { AccessEdge } from './http/access.edge.js';
import { EdgePlace } from './http/edge-place.js';
import { HandshakeGate } from './websockets/handshake.gate.js';
import { isGatedPolling, isGatedUpgrade } from './websockets/in-band-gates.js';
import { UpgradeEdge } from './websockets/upgrade.edge.js';

type Emit = (event: string | symbol, ...args: unknown[]) => boolean;

/**
 * The edge for what never reaches the framework: it sees each event of the application's server before anybody who
 * listens to it, in whatever order they came. Upgrades and tunnels are decided here. Of requests, those that somebody
 * else than the framework hears are held until they reach it.
 */
@Injectable()
export class ServerEdge implements OnApplicationBootstrap {
  readonly #host: HttpAdapterHost;
  /** Whether others than the framework listen to requests: engine.io, the application itself. */
  private hasOtherListeners: boolean | undefined;

  constructor(
    host: HttpAdapterHost,
    private readonly edge: AccessEdge,
    private readonly place: EdgePlace,
    private readonly gates: HandshakeGate,
    private readonly upgrades: UpgradeEdge,
    private readonly subscriptions: DriverHooks,
  ) {
    this.#host = host;
  }

  /** Before the server listens. */
  onApplicationBootstrap(): void {
    const adapter = this.#host.httpAdapter as AbstractHttpAdapter | null;
    const server: unknown = adapter?.getHttpServer();
    if (this.edge.isNeeded && isEmitter(server)) this.takeHold(server);
  }

  private takeHold(server: EventEmitter): void {
    const emit = server.emit.bind(server) as Emit;
    const forget = (event: string | symbol): void => {
      if (event === 'request') this.hasOtherListeners = undefined;
    };
    server.on('newListener', forget);
    server.on('removeListener', forget);
    server.emit = (event: string | symbol, ...args: unknown[]): boolean => {
      switch (event) {
        case 'request':
          if ((this.hasOtherListeners ??= this.isHeardByOthers(server))) this.holdRequest(server, args);
          return emit(event, ...args);
        case 'checkContinue':
        case 'checkExpectation':
          this.holdRequest(server, args);
          return emit(event, ...args);
        case 'connect':
        case 'upgrade':
          return this.decide(server, event, args, emit);
        default:
          return emit(event, ...args);
      }
    };
  }

  private isHeardByOthers(server: EventEmitter): boolean {
    return server.listeners('request').some((listener) => !this.place.isFramework(listener));
  }

  private holdRequest(server: EventEmitter, [request, response]: readonly unknown[]): void {
    if (isGatedPolling(request as IncomingMessage, this.gates.ofApplication, server)) return;
    this.edge.holdUntilEntered(request as IncomingMessage, response as ServerResponse);
  }

  private decide(server: EventEmitter, event: 'connect' | 'upgrade', args: unknown[], emit: Emit): boolean {
    const [request, socket] = args as [IncomingMessage, Duplex | ServerResponse];
    // On HTTP/2 a tunnel is asked for by a stream, which is answered like a request.
    if ('writeHead' in socket) {
      this.holdRequest(server, args);
      return emit(event, ...args);
    }
    const requirement = this.edge.requirementWithoutHandler(request);
    if (event === 'upgrade' && isGatedUpgrade(request, this.gates.ofApplication, server)) {
      return emit(event, ...args);
    }
    // These bring their tokens in their first message, before which no operation is heard.
    if (event === 'upgrade' && this.subscriptions.isAsked(request)) {
      this.edge.leaveToSocket(request);
      return emit(event, ...args);
    }
    this.upgrades.admit(request, socket, requirement, () => emit(event, ...args));
    return true;
  }
}

function isEmitter(server: unknown): server is EventEmitter {
  return typeof server === 'object' && server !== null && typeof Reflect.get(server, 'emit') === 'function';
}
