import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { FASTAUTH_CONFIG, type FastauthConfig } from '../../../config/fastauth-config.js';
import { SafeLogger } from '../../../events/safe-logger.js';
import { type WsSocket, WS_SOCKETS } from './ws-socket.js';

/** How many sockets are looked at before others are let in between. */
const BATCH_SIZE = 200;

/** The connection of a socket, and how many bytes had come by it at the last sweep. */
interface Pulse {
  readonly connection: Socket;
  bytesRead: number | undefined;
}

/**
 * Pings sockets of ws, and cuts those from which nothing has come since the last ping: a peer that vanished without
 * a word would otherwise be held for ever. One unref'ed timer for all, and none while there is no socket.
 */
@Injectable()
export class Heartbeat implements OnApplicationShutdown {
  private readonly logger = new SafeLogger();
  private readonly pulses = new Map<WsSocket, Pulse>();
  private timer: NodeJS.Timeout | undefined;

  constructor(@Inject(FASTAUTH_CONFIG) private readonly config: FastauthConfig) {}

  /** @param connection of the socket; one that does not count its bytes is left alone */
  watch(socket: WsSocket, connection: Duplex): void {
    if (this.config.websocketHeartbeat === 0 || !(connection instanceof Socket) || this.pulses.has(socket))
      return;
    this.pulses.set(socket, { connection, bytesRead: undefined });
    if (this.timer === undefined) this.schedule();
  }

  /** Forgets a socket that has closed. */
  forget(socket: WsSocket): void {
    this.pulses.delete(socket);
  }

  onApplicationShutdown(): void {
    this.pulses.clear();
    clearTimeout(this.timer);
  }

  private schedule(): void {
    // Answers that came while the process was busy are read before timers' immediates run.
    const sweep = (): unknown => setImmediate(() => void this.sweep());
    this.timer = setTimeout(sweep, this.config.websocketHeartbeat * 1000).unref();
  }

  private async sweep(): Promise<void> {
    let looked = 0;
    for (const [socket, pulse] of this.pulses) {
      this.logger.contain('A ping', () => this.feel(socket, pulse));
      if (++looked % BATCH_SIZE === 0) await new Promise(setImmediate);
    }
    this.timer = undefined;
    if (this.pulses.size > 0) this.schedule();
  }

  private feel(socket: WsSocket, pulse: Pulse): void {
    if (!WS_SOCKETS.isOpen(socket)) return;
    const { bytesRead } = pulse.connection;
    // The application may have paused the socket: then its silence is not the peer's.
    if (bytesRead === pulse.bytesRead && !socket.isPaused) return WS_SOCKETS.cut(socket);
    pulse.bytesRead = bytesRead;
    socket.ping();
  }
}
