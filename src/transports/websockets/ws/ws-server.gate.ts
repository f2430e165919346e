import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { CORRELATION_HEADER, isDenial, type Denial } from '../../../access/denial.js';
import { correlationIdOfRequest } from '../../../events/correlation-id.js';
import { SafeLogger } from '../../../events/safe-logger.js';
import type { ServedGateways, SocketControl } from '../gated-server.js';
import type { Admission } from '../handshake.js';
import { callOfUpgrade } from '../handshake-call.js';
import { BEARER_PROTOCOL } from '../../../wire/credential-names.js';
import { AUTHENTICATE } from '../../../wire/socket-events.js';
import { readPeer, writePeer } from '../socket-peer.js';
import { GOING_AWAY } from '../../../wire/close-code.js';
import { closeCodeOf, refusalFrame } from '../socket-refusal.js';
import { refuseUpgrade } from '../upgrade-refusal.js';
import { MessageInterceptor, WS_SOCKETS, type WsSocket } from './ws-socket.js';

/** What of a `WebSocketServer` is used here; ws itself is not imported. */
export interface WsServer {
  readonly options: { handleProtocols?: HandleProtocols | null };
  /** Undefined where the server does not keep them. */
  readonly clients?: ReadonlySet<WsSocket>;
  /** Hears of the headers that an upgrade is answered with, before they are sent. */
  on?(event: 'headers', listener: (headers: string[], request: IncomingMessage) => void): unknown;
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, done: UpgradeDone): void;
}

type HandleProtocols = (protocols: Set<string>, request: IncomingMessage) => string | false;
type UpgradeDone = (client: WsSocket, request: IncomingMessage) => void;

const LOGGER = new SafeLogger();

/** What is accepted from a refused socket until it has gone. */
const REFUSED_SOCKETS = {
  noServer: true,
  clientTracking: false,
  maxPayload: 1024,
  /** Milliseconds that it has to answer the closing handshake. */
  closeTimeout: 2000,
  /** A browser would not hear the refusal if none were selected. */
  handleProtocols: (protocols: ReadonlySet<string>) =>
    selectBearer(protocols) || (protocols.values().next().value ?? false),
};

export function isWsServer(server: object): server is WsServer {
  return typeof Reflect.get(server, 'handleUpgrade') === 'function' && 'options' in server;
}

/**
 * Verifies every handshake of this server before the socket exists for it. A refused one is completed by a
 * server of its own, so that it never stands among this one's clients.
 */
export function gateWsServer(server: WsServer, control: SocketControl, served: ServedGateways): void {
  const { handshake } = control;
  const { websocketRefusal } = handshake.config;
  const upgrade = server.handleUpgrade.bind(server);
  const refused = serverLike(server);
  const letIn = entranceOf(control);
  keepBearerSelectable(server);
  refused?.on?.('headers', (headers, request) => {
    headers.push(`${CORRELATION_HEADER}: ${correlationIdOfRequest(request)}`);
  });

  const refuse = (denial: Denial, request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (websocketRefusal === 'unauthorized' || !refused)
      return refuseUpgrade(socket, denial, handshake.config, correlationIdOfRequest(request));
    refused.handleUpgrade(request, socket, head, (client) => {
      // What a refused socket does wrong is of no interest; unheard, it would end the process.
      client.on('error', () => undefined);
      client.send(JSON.stringify(refusalFrame(denial)));
      client.close(closeCodeOf(denial), denial.code);
    });
  };

  server.handleUpgrade = (request, socket, head, done) => {
    const call = callOfUpgrade(request, handshake.sources);
    const settle = (outcome: Denial | Admission): void => {
      if (isDenial(outcome)) return refuse(outcome, request, socket, head);
      upgrade(request, socket, head, (client, upgraded) => {
        handshake.proofs.move(request, client);
        const peer = readPeer(request);
        if (peer) writePeer(client, peer);
        letIn(client, socket, outcome);
        done(client, upgraded);
      });
    };
    const conclude = (outcome: Denial | Admission): void => {
      try {
        settle(outcome);
      } catch (error) {
        // The application's `handleProtocols`, or who listens to the server.
        LOGGER.failure('A WebSocket handshake', error);
        socket.destroy();
      }
    };
    const outcome = handshake.admit({
      call,
      target: request.url ?? '/',
      paths: served.paths,
      gateways: served.gateways,
    });
    if (!(outcome instanceof Promise)) return conclude(outcome);
    const ignore = (): void => undefined;
    // Nobody else listens to the connection while the store is asked.
    socket.on('error', ignore);
    void outcome.then(conclude).finally(() => socket.off('error', ignore));
  };
}

export function closeWsClients({ clients }: WsServer): void {
  for (const client of clients ?? []) {
    LOGGER.contain('Closing a socket', () => client.close(GOING_AWAY));
  }
}

type Entrance = (client: WsSocket, connection: Duplex, admission: Admission) => void;

/** Has sockets followed from when they are let in, by functions that they share. */
function entranceOf({ handshake, live, reauthentication, heartbeat }: SocketControl): Entrance {
  const interceptor = new MessageInterceptor(
    (client, message) => {
      void reauthentication
        .renew(WS_SOCKETS, client, message)
        .then((answer) => {
          if (answer?.status === 'success') heartbeat.watch(client);
          if (answer && WS_SOCKETS.isOpen(client)) WS_SOCKETS.tell(client, AUTHENTICATE, answer);
        })
        .catch((error) => LOGGER.failure('Answering a fresh token', error));
    },
    (client) => live.hasEnded(client),
  );
  const forget = function (this: WsSocket): void {
    live.release(this);
    heartbeat.forget(this);
  };
  return (client, connection, { held, changesHeard }) => {
    interceptor.intercept(client);
    heartbeat.meet(client, connection);
    client.on('close', forget);
    // Only of those that have proved something: what open gateways hold is the application's.
    if (handshake.proofs.read(client)) heartbeat.watch(client);
    if (held) live.hold(WS_SOCKETS, client, held, changesHeard);
  };
}

/** Of the same class as the given one; undefined where that cannot be made so. */
function serverLike(server: WsServer): WsServer | undefined {
  try {
    return Reflect.construct(server.constructor, [REFUSED_SOCKETS]) as WsServer;
  } catch {
    return undefined;
  }
}

/** A browser ends a connection for which none of the subprotocols that it offered was selected. */
function keepBearerSelectable(server: WsServer): void {
  const { handleProtocols } = server.options;
  if (!handleProtocols) return;
  server.options.handleProtocols = (protocols, request) =>
    handleProtocols(protocols, request) || selectBearer(protocols);
}

function selectBearer(protocols: ReadonlySet<string>): string | false {
  return protocols.has(BEARER_PROTOCOL) && BEARER_PROTOCOL;
}
