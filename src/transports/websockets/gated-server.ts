import type { Gateway } from './gateway-table.js';
import type { Handshake } from './handshake.js';
import type { LiveSockets } from '../live/live-sockets.js';
import type { Reauthentication } from './reauthentication.js';
import type { Heartbeat } from './ws/heartbeat.js';

/** A WebSocket server and what it serves; an adapter may give one server out for several gateways. */
export interface ServedGateways {
  paths: readonly string[];
  gateways: readonly Gateway[];
}

/** What gated servers ask. */
export interface SocketControl {
  readonly handshake: Handshake;
  readonly live: LiveSockets;
  readonly reauthentication: Reauthentication;
  readonly heartbeat: Heartbeat;
}
