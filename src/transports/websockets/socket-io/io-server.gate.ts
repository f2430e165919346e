import type { Call } from '../../../access/call.js';
import { isDenial, type Denial } from '../../../access/denial.js';
import { SafeLogger } from '../../../events/safe-logger.js';
import type { ServedGateways, SocketControl } from '../gated-server.js';
import type { Gateway } from '../gateway-table.js';
import type { Admission, Destination } from '../handshake.js';
import { callOfIoSocket } from '../handshake-call.js';
import { AUTHENTICATE } from '../../../wire/socket-events.js';
import type { TalkativeSocketKind } from '../../live/socket-kind.js';
import { refusalFrame, UNFORESEEN } from '../socket-refusal.js';
import { IoDynamicNamespaces } from './io-dynamic-namespaces.js';
import { IoIdleClients } from './io-idle-clients.js';
import { assertIoInternals } from './io-internals.js';
import { keepSessionsOnlyWhere, restoreOnlyWhere } from './io-recovery.js';
import { MAIN, type IoNamespace, type IoServer } from './io-server.js';
import { ioSockets, type IoSocket } from './io-socket.js';

const LOGGER = new SafeLogger();

/** What gated servers do besides, each for itself. */
interface Upkeep {
  readonly clients: IoIdleClients;
  readonly namespaces: IoDynamicNamespaces;
  readonly kind: TalkativeSocketKind<IoSocket>;
}

/**
 * Verifies every handshake with every namespace of this server, also those made later, before it is connected.
 * @throws ConfigError a socket.io that cannot be gated
 */
export function gateIoServer(server: IoServer, control: SocketControl, served: ServedGateways): void {
  assertIoInternals(server);
  const { connectionStateRecovery } = server.opts;
  if (connectionStateRecovery) {
    // A socket that comes back is verified like any other: its token may have ended meanwhile.
    connectionStateRecovery.skipMiddlewares = false;
    keepSessionsOnlyWhere(server, (name) => control.handshake.isOpen(destinationOf(name, served)));
  }
  const clients = new IoIdleClients();
  const upkeep = {
    clients,
    namespaces: new IoDynamicNamespaces(server),
    kind: ioSockets((client) => clients.closeSoon(client)),
  };
  const gate = (namespace: IoNamespace): void => gateNamespace(namespace, control, served, upkeep);
  for (const namespace of server._nsps.values()) gate(namespace);
  server.on('new_namespace', gate);
}

function gateNamespace(
  namespace: IoNamespace,
  { handshake, live, reauthentication }: SocketControl,
  served: ServedGateways,
  { clients, namespaces, kind }: Upkeep,
): void {
  const { name } = namespace;
  const admitted = new WeakMap<IoSocket, Admission>();
  restoreOnlyWhere(
    namespace,
    ({ request }) =>
      handshake.isWelcome(request.headers.origin) &&
      handshake.isOpen(destinationOf(name, served), request.url),
  );
  // Before all other middleware: that of the parent of a dynamic namespace is there already.
  namespace._fns.unshift((socket, next) => {
    clients.comes(socket);
    const call = callOfIoSocket(socket, handshake.sources);
    const conclude = (outcome: Denial | Admission): void => {
      if (isDenial(outcome)) return next(connectError(outcome, call));
      admitted.set(socket, outcome);
      try {
        // Runs the application's middleware.
        next();
      } catch (error) {
        LOGGER.failure('Middleware of a socket.io namespace', error);
        next(connectError(UNFORESEEN, call));
      }
    };
    const outcome = handshake.admit({
      call,
      target: socket.request.url ?? '/',
      ...destinationOf(name, served),
    });
    if (outcome instanceof Promise) void outcome.then(conclude);
    else conclude(outcome);
  });
  // In the place of socket.io's own clean-up, which forgets handshakes that are not decided yet.
  const { _remove: remove } = Object.getPrototypeOf(namespace) as IoNamespace;
  namespace._remove = (socket) => {
    remove.call(namespace, socket);
    clients.left(socket);
    namespaces.left(namespace);
  };
  // Not `connection`: that is heard by gateways, and this has to come first.
  namespace.prependListener('connect', (socket) => {
    clients.decided(socket);
    namespaces.entered(namespace);
    const admission = admitted.get(socket);
    admitted.delete(socket);
    socket.on('disconnect', () => live.release(socket));
    socket.on(AUTHENTICATE, (...sent) => {
      // Comes last, and alone where nothing else was sent.
      const acknowledge = sent.at(-1);
      void reauthentication.renew(kind, socket, sent[0]).then((answer) =>
        LOGGER.contain('Answering a fresh token', () => {
          if (!answer) return;
          if (typeof acknowledge === 'function') acknowledge(answer);
          else socket.emit(AUTHENTICATE, answer);
        }),
      );
    });
    if (admission?.held) live.hold(kind, socket, admission.held, admission.changesHeard);
  });
}

function destinationOf(name: string, { paths, gateways }: ServedGateways): Destination {
  return { paths, namespace: name, gateways: gateways.filter((gateway) => serves(gateway, name)) };
}

function serves({ namespace }: Gateway, name: string): boolean {
  if (namespace === undefined) return name === MAIN;
  if (typeof namespace === 'string')
    return (namespace.startsWith('/') ? namespace : `/${namespace}`) === name;
  // Whether a function would take the name cannot be asked twice: its gateway counts always.
  return namespace instanceof RegExp
    ? new RegExp(namespace.source, namespace.flags.replace(/[gy]/, '')).test(name)
    : true;
}

/** What the client's `connect_error` gets: the text as `message`, in `data` the stable code and what the event has. */
function connectError(denial: Denial, { correlationId }: Call): Error {
  const { detail } = refusalFrame(denial);
  return Object.assign(new Error(detail), {
    data: { code: denial.code, detail: denial.detail, request_id: correlationId },
  });
}
