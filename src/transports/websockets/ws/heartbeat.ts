import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { FASTAUTH_CONFIG, type FastauthConfig } from '../../../config/fastauth-config.js';
import { SafeLogger } from '../../../events/safe-logger.js';
import { type WsSocket, WS_SOCKETS } from './ws-socket.js';

/** How many sockets are looked at before others are let in between. */
const BATCH_SIZE = 200;

const CONNECTION = Symbol('fastauth:connection');
/** How many bytes had come by the connection at the last sweep. */
const BYTES_READ = Symbol('fastauth:bytes heard');

/** One object a socket less than a map to what is known of it. */
type Pulsing = WsSocket & { [CONNECTION]?: Duplex | undefined; [BYTES_READ]?: number | undefined };

/**
 * Pings sockets of ws, and cuts those from which nothing has come since the last ping: a peer that vanished without
 * a word would otherwise be held for ever. One unref'ed timer for all, and none while there is no socket.
 */
@Injectable()
export class Heartbeat implements OnApplicationShutdown {
  private readonly logger = new SafeLogger();
  private readonly pulses = new Set<Pulsing>();
  private timer: NodeJS.Timeout | undefined;

  constructor(@Inject(FASTAUTH_CONFIG) private readonly config: FastauthConfig) {}

  /** Tells by which connection a socket came, so that it can be watched. */
  meet(socket: WsSocket, connection: Duplex): void {
    (socket as Pulsing)[CONNECTION] = connection;
  }

  /** A socket whose connection is not known, or does not count its bytes, is left alone. */
  watch(socket: WsSocket): void {
    if (this.config.websocketHeartbeat === 0 || !connectionOf(socket) || this.pulses.has(socket)) return;
    this.pulses.add(socket);
    if (this.timer === undefined) this.schedule();
  }

  /** Forgets a socket that has closed. */
  forget(socket: WsSocket): void {
    this.pulses.delete(socket);
    (socket as Pulsing)[CONNECTION] = undefined;
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
    for (const socket of this.pulses) {
      this.logger.contain('A ping', () => this.ping(socket));
      if (++looked % BATCH_SIZE === 0) await new Promise(setImmediate);
    }
    this.timer = undefined;
    if (this.pulses.size > 0) this.schedule();
  }

  private ping(socket: Pulsing): void {
    if (!WS_SOCKETS.isOpen(socket)) return;
    const bytesRead = connectionOf(socket)?.bytesRead;
    // The application may have paused the socket: then its silence is not the peer's.
    if (bytesRead === socket[BYTES_READ] && !socket.isPaused) return WS_SOCKETS.cut(socket);
    socket[BYTES_READ] = bytesRead;
    socket.ping();
  }
}

function connectionOf(socket: Pulsing): Socket | undefined {
  const connection = socket[CONNECTION];
  return connection instanceof Socket ? connection : undefined;
}
