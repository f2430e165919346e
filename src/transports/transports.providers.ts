import type { ModuleMetadata, Type } from '@nestjs/common';
import { contextGuardProviders, type GuardsByContext } from '../access/context-guard.providers.js';
import { ContextGuards } from '../access/context-guards.js';
import { DECLARED_ACCESS } from '../access/declared.guard.js';
import { RawRoutes } from '../routes/raw-routes.js';
import { SocketPaths } from '../routes/startup-log.js';
import { GraphqlConnections } from './graphql/graphql-connections.js';
import { DriverHooks } from './graphql/driver-hooks.js';
import { GraphqlGuard } from './graphql/graphql.guard.js';
import { AccessEdge } from './http/access.edge.js';
import { EdgePlace } from './http/edge-place.js';
import { FirstGuard } from './http/first.guard.js';
import { RawRouteTable } from './http/raw-route-table.js';
import { LiveStreams } from './http/live-streams.js';
import { HttpGuard } from './http/http.guard.js';
import { RpcGuard } from './microservices/rpc.guard.js';
import { OpenConnections } from './open-connections.js';
import { ServerEdge } from './server.edge.js';
import { GatewayTable } from './websockets/gateway-table.js';
import { Handshake } from './websockets/handshake.js';
import { HandshakeGate } from './websockets/handshake.gate.js';
import { LiveSockets } from './live/live-sockets.js';
import { Reauthentication } from './websockets/reauthentication.js';
import { UpgradeEdge } from './websockets/upgrade.edge.js';
import { Heartbeat } from './websockets/ws/heartbeat.js';
import { WsGuard } from './websockets/ws.guard.js';

export interface TransportsRegistration {
  /** A subclass of `HttpGuard`, in its place. */
  readonly httpGuard?: Type<HttpGuard> | undefined;
  /** The application's own guards for kinds of calls that ours know nothing of. */
  readonly contextGuards?: GuardsByContext | undefined;
}

export function transportsProviders({
  httpGuard = HttpGuard,
  contextGuards,
}: TransportsRegistration): ModuleMetadata {
  return {
    providers: [
      ...contextGuardProviders(
        { http: HttpGuard, ws: WsGuard, rpc: RpcGuard, graphql: GraphqlGuard },
        contextGuards,
      ),
      AccessEdge,
      EdgePlace,
      { provide: RawRoutes, useClass: RawRouteTable },
      { provide: HttpGuard, useClass: httpGuard },
      FirstGuard,
      RpcGuard,
      GraphqlConnections,
      DriverHooks,
      GraphqlGuard,
      OpenConnections,
      GatewayTable,
      { provide: SocketPaths, useExisting: GatewayTable },
      LiveSockets,
      LiveStreams,
      Reauthentication,
      Heartbeat,
      Handshake,
      HandshakeGate,
      UpgradeEdge,
      ServerEdge,
      WsGuard,
    ],
    // What `@UseGuards(AccessGuard)`, decorators and `@UseGuards(WsGuard)` need in the application's own modules.
    exports: [ContextGuards, DECLARED_ACCESS, LiveSockets, WsGuard],
  };
}
