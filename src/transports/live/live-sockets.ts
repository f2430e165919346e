import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Clock } from '../../clock.js';
import { FASTAUTH_CONFIG, type FastauthConfig } from '../../config/fastauth-config.js';
import { SafeLogger } from '../../events/safe-logger.js';
import { ExpiryQueue } from '../../sessions/expiry-queue.js';
import { TokenFault } from '../../tokens/token-fault.js';
import { AccessTokens } from '../../tokens/access-tokens.js';
import type { TokenReference, TokenStatus } from '../../tokens/token-status.js';
import { EXPIRING } from '../../wire/socket-events.js';
import { ENDINGS, expiringNotice, type SocketEnding } from './socket-ending.js';
import type { SocketKind } from './socket-kind.js';
import { ClientSockets } from './client-sockets.js';
import type { HeldToken } from './held-token.js';
import { hasReference, LiveSocket } from './live-socket.js';
import { SessionFollower } from './session-follower.js';

/** How often ends are looked for. One unref'ed timer for all sockets, and none while there is no socket. */
const TICK_MS = 50;
/** How long a closed socket has to answer before its connection is cut. */
const CLOSE_SECONDS = 2;
/** When a session is asked about again that could not be. */
const ASK_AGAIN_SECONDS = 1;

type Carrier = Record<symbol, LiveSocket | undefined>;

/**
 * The sockets that live by tokens. Each is told and closed when its token expires, or its session is revoked
 * or superseded by whatever process; a refreshed one has a moment to present its new token.
 */
@Injectable()
export class LiveSockets implements OnApplicationShutdown {
  private readonly logger = new SafeLogger();
  /** Where a socket has what is kept of it here. */
  private readonly key = Symbol('fastauth:live socket');
  private readonly byClient = new ClientSockets<LiveSocket>();
  private count = 0;
  private readonly ends = new ExpiryQueue<LiveSocket>();
  private readonly follower: SessionFollower;
  private unwatch: (() => void) | undefined;
  private ticking: NodeJS.Timeout | undefined;

  constructor(
    private readonly tokens: AccessTokens,
    private readonly clock: Clock,
    @Inject(FASTAUTH_CONFIG) private readonly config: FastauthConfig,
  ) {
    const status =
      config.websocketFollows === 'session'
        ? (token: TokenReference) =>
            token.familyId === undefined ? tokens.status(token) : tokens.sessionStatus(token)
        : (token: TokenReference) => tokens.status(token);
    this.follower = new SessionFollower(status, {
      clientIds: () => this.byClient.clientIds(),
      hasClient: (clientId) => this.byClient.has(clientId),
      tokensOf: (clientId) => Array.from(this.byClient.of(clientId)).filter(hasReference),
      conclude: (token, status) => this.conclude(token, status),
    });
  }

  /** How many sockets live by a token. */
  get size(): number {
    return this.count;
  }

  /** How many changes of sessions were heard of; to be read before a token is verified that a socket will live by. */
  get changesHeard(): number {
    return this.follower.changesHeard;
  }

  /** Begins to follow the store's changes: when there is something that sockets may come in by. */
  start(): void {
    this.unwatch ??= this.tokens.watch((changed) => this.follower.hear(changed));
  }

  onApplicationShutdown(): void {
    this.unwatch?.();
    this.follower.stop();
    clearInterval(this.ticking);
  }

  /**
   * From now on the socket lives by this token, instead of the one before.
   * @param changesHeard {@link LiveSockets.changesHeard} before the token was verified
   * @returns whether the socket is there to live on
   */
  hold<S extends object>(kind: SocketKind<S>, socket: S, token: HeldToken, changesHeard: number): boolean {
    const before = this.find(socket);
    if (before?.state === 'ended' || !kind.isOpen(socket)) return false;
    if (before) this.remove(before);
    const live = new LiveSocket(kind as SocketKind, socket, token, this.endOf(token));
    this.add(live);
    // What changed while the token was verified may have been this session.
    if (hasReference(live) && this.follower.changesHeard !== changesHeard) this.follower.lookAgainAt(live);
    return true;
  }

  /** Forgets a socket that has closed. */
  release(socket: object): void {
    const live = this.find(socket);
    if (live) this.remove(live);
  }

  /** What a message that needs an access token is refused with; undefined if the socket's token is still good. */
  faultOf(socket: object): TokenFault | undefined {
    const live = this.find(socket);
    if (live?.state === 'refreshed') return TokenFault.superseded;
    if (live?.state !== 'good') return TokenFault.notCurrent;
    return live.expiresAt <= this.now() ? TokenFault.expired : undefined;
  }

  /** Whether the token that the socket lives by has expired, the master token among them. */
  hasExpired(socket: object): boolean {
    const live = this.find(socket);
    return live !== undefined && live.expiresAt <= this.now();
  }

  /** Whether the socket was told to go, so that nothing that it sends counts any more. */
  hasEnded(socket: object): boolean {
    // Of whatever object stands for the socket, such as a proxy.
    return (socket as Carrier)[this.key]?.state === 'ended';
  }

  private find(socket: object): LiveSocket | undefined {
    const live = (socket as Carrier)[this.key];
    // An application may have copied the socket's members to another object.
    return live?.socket === socket ? live : undefined;
  }

  private add(live: LiveSocket): void {
    // Not enumerable: whoever logs or copies the socket is not to have its token's digest with it.
    Object.defineProperty(live.socket, this.key, { value: live, writable: true, configurable: true });
    this.count++;
    this.byClient.add(live);
    this.ends.add(live);
    this.ticking ??= setInterval(() => this.tick(), TICK_MS).unref();
  }

  private remove(live: LiveSocket): void {
    (live.socket as Carrier)[this.key] = undefined;
    this.count--;
    this.byClient.delete(live);
    this.ends.remove(live);
    if (this.count > 0) return;
    clearInterval(this.ticking);
    this.ticking = undefined;
  }

  /** By this server's clock; only a token that came within the tolerance between clocks lives until that ends. */
  private endOf({ expiresAt }: HeldToken): number {
    return expiresAt > this.now() ? expiresAt : expiresAt + this.config.clockTolerance;
  }

  private tick(): void {
    const now = this.now();
    for (let next = this.ends.first; next && next.expiresAt <= now; next = this.ends.first) {
      if (next.state === 'ended') {
        this.remove(next);
        const { kind, socket } = next;
        this.logger.contain('Cutting a socket', () => kind.cut(socket));
      } else if (next.state === 'good' && this.followsSession(next)) {
        this.prolong(next);
      } else {
        const expired = hasReference(next) ? ENDINGS.expired : ENDINGS.masterExpired;
        this.end(next, next.state === 'good' ? expired : ENDINGS.refreshed);
      }
    }
  }

  private followsSession({ hasSession }: LiveSocket): boolean {
    return this.config.websocketFollows === 'session' && hasSession;
  }

  /** Lets the socket live until its session ends, as that stands now; what cannot be asked now is asked again. */
  private prolong(live: LiveSocket): void {
    if (!hasReference(live)) return;
    this.ends.reschedule(live, this.now() + ASK_AGAIN_SECONDS);
    const conclude = (end: number | undefined): void => {
      // It may have gone meanwhile, or presented another token.
      if (this.find(live.socket) !== live || live.state !== 'good') return;
      if (end === undefined || end <= this.now()) this.end(live, ENDINGS.expired);
      else this.ends.reschedule(live, end);
    };
    this.tokens.sessionEnd(live).then(conclude, () => undefined);
  }

  /** Acts on how a token stands, at all sockets that live by it. */
  private conclude(token: TokenReference, status: TokenStatus): void {
    if (status === 'current') return;
    for (const live of this.byClient.of(token.clientId)) {
      if (live.state === 'ended' || live.accessHash !== token.accessHash) continue;
      if (status === 'refreshed') this.giveNotice(live);
      else this.end(live, ENDINGS[status]);
    }
  }

  private giveNotice(live: LiveSocket): void {
    if (live.state === 'refreshed') return;
    const grace = this.config.websocketReauthenticationGrace;
    // Who cannot be told could not present the new token, either.
    if (grace === 0 || !live.kind.tell) return this.end(live, ENDINGS.refreshed);
    live.state = 'refreshed';
    this.ends.reschedule(live, Math.min(live.expiresAt, this.now() + grace));
    this.logger.contain('Telling a socket', () =>
      live.kind.tell?.(live.socket, EXPIRING, expiringNotice(grace)),
    );
  }

  private end(live: LiveSocket, ending: SocketEnding): void {
    live.state = 'ended';
    this.ends.reschedule(live, this.now() + CLOSE_SECONDS);
    this.logger.contain('Ending a socket', () => live.kind.end(live.socket, ending));
  }

  private now(): number {
    return this.clock.now() / 1000;
  }
}
