import { Inject, Injectable } from '@nestjs/common';
import { AccessPolicy } from '../../access/access-policy.js';
import { AMBIGUOUS, readCredentials, type CredentialSource } from '../../access/credentials.js';
import { ACCESS, MASTER, NONE, type Demand } from '../../access/demand.js';
import { DENIALS, type Denial } from '../../access/denial.js';
import { Gate } from '../../access/gate.js';
import type { Proofs } from '../../access/request-access.js';
import { FASTAUTH_CONFIG, type FastauthConfig } from '../../config/fastauth-config.js';
import { correlationIdOf } from '../../events/correlation-id.js';
import { SafeLogger } from '../../events/safe-logger.js';
import { AttemptLimiter } from '../../limits/attempt-limiter.js';
import type { MaybePromise } from '../../sessions/token-store.js';
import { TokenService } from '../../tokens/token.service.js';
import type { Gateway } from './gateway-table.js';
import { HandshakeQueue } from './handshake-queue.js';
import { heldToken, type HeldToken } from './live/held-token.js';
import { LiveSockets } from './live/live-sockets.js';
import { writePeer } from './socket-peer.js';
import { KEYS_AWAITED, UNFORESEEN } from './socket-refusal.js';

/** Where a socket would come. */
export interface Destination {
  /** Of the gateways, as the application wrote them. */
  readonly paths: readonly string[];
  /** Of socket.io. Clients choose the names of dynamic ones, so it is never read as a pattern. */
  readonly namespace?: string;
  /** The gateways that it would reach. */
  readonly gateways: readonly Gateway[];
}

/** One socket that asks to be let in. */
export interface HandshakeAttempt extends Destination {
  /** What the proof, and who the peer is, are kept on. */
  readonly carrier: object;
  readonly source: CredentialSource;
  /** The request target as it was sent. */
  readonly target: string;
}

/** A socket may enter. */
export interface Admission {
  readonly denied?: never;
  /** The token that it lives by; undefined where it proved none. */
  readonly held: HeldToken | undefined;
  /** {@link LiveSockets.changesHeard} before anything was verified. */
  readonly changesHeard: number;
}

/** Decides whether a socket may enter: the gateways' decorators and the path rules together. */
@Injectable()
export class Handshake {
  private readonly queue = new HandshakeQueue();
  private readonly logger = new SafeLogger();
  private isClosing = false;

  constructor(
    private readonly policy: AccessPolicy,
    private readonly gate: Gate,
    private readonly live: LiveSockets,
    private readonly limiter: AttemptLimiter,
    private readonly tokens: TokenService,
    @Inject(FASTAUTH_CONFIG) readonly config: FastauthConfig,
  ) {}

  /** What sockets have proved. */
  get proofs(): Proofs {
    return this.gate.proofs;
  }

  /** Lets nobody in any more. */
  close(): void {
    this.isClosing = true;
  }

  /** What a socket needs to come there, whatever its URL is. */
  demandOf({ gateways, paths, namespace }: Destination): Demand {
    // A namespace that no gateway serves needs what everything needs by default.
    const declared = gateways.length === 0 ? this.policy.defaultDemand : NONE;
    return (
      gateways.reduce<Demand>((sum, { demand }) => sum | demand, declared) |
      paths.reduce<Demand>((sum, path) => sum | this.policy.demandOfPattern(path), NONE) |
      (namespace === undefined ? NONE : this.policy.demandOfTarget(namespace))
    );
  }

  /** Whether nothing there, messages included, asks for a credential. */
  isOpen(destination: Destination, target?: string): boolean {
    const ofTarget = target === undefined ? NONE : this.policy.demandOfTarget(target);
    return (this.demandOf(destination) | ofTarget | demandOfMessages(destination.gateways)) === NONE;
  }

  /** Browsers name the page's origin; other clients name none, and no page can make them do things. */
  isWelcome(origin: string | undefined): boolean {
    const { websocketOrigins } = this.config;
    return origin === undefined || websocketOrigins.length === 0 || websocketOrigins.includes(origin);
  }

  /**
   * Verifies what the handshake needs and, so that no credential has to be kept for later, what messages of the
   * same gateways may need, as far as it was sent. Never throws nor rejects: nobody up there would catch it.
   */
  admit(attempt: HandshakeAttempt): MaybePromise<Denial | Admission> {
    try {
      const outcome = this.decide(attempt);
      return outcome instanceof Promise ? outcome.catch((error) => this.unforeseen(error)) : outcome;
    } catch (error) {
      return this.unforeseen(error);
    }
  }

  private unforeseen(error: unknown): Denial {
    this.logger.failure('The verification of a WebSocket handshake', error);
    return UNFORESEEN;
  }

  private decide(attempt: HandshakeAttempt): MaybePromise<Denial | Admission> {
    const { source } = attempt;
    if (this.isClosing) return DENIALS.shuttingDown;
    const demand = this.demandOf(attempt) | this.policy.demandOfTarget(attempt.target);
    if (!this.isWelcome(source.headers.origin)) {
      return this.gate.refuse(DENIALS.foreignOrigin, source, demand);
    }
    const verify = (): MaybePromise<Denial | Admission> => this.verify(attempt, demand);
    if (!this.namesUnknownKey(source)) return this.queue.run(verify);
    return this.queue.runForKeys(verify) ?? this.gate.refuse(KEYS_AWAITED, source, demand);
  }

  private namesUnknownKey(source: CredentialSource): boolean {
    const credentials = readCredentials(source);
    if (credentials === AMBIGUOUS || credentials.accessToken === undefined) return false;
    return this.tokens.namesUnknownKey(credentials.accessToken);
  }

  private verify(attempt: HandshakeAttempt, demand: Demand): MaybePromise<Denial | Admission> {
    const { carrier, source, gateways } = attempt;
    const wished = demandOfMessages(gateways);
    const { changesHeard } = this.live;
    const admission = (): Admission => {
      const address = this.limiter.addressOf(source);
      writePeer(carrier, { address, correlationId: correlationIdOf(source.headers) });
      return { held: heldToken(this.gate.proofs.read(carrier), source), changesHeard };
    };
    const goOn = (denial: Denial | undefined): MaybePromise<Denial | Admission> => {
      const proving = denial ?? this.prove(carrier, source, wished);
      return proving instanceof Promise ? proving.then(admission) : (proving ?? admission());
    };
    const outcome = this.gate.admit(carrier, source, demand);
    return outcome instanceof Promise ? outcome.then(goOn) : goOn(outcome);
  }

  /** A credential that is only wished for and no good is as good as none: the message that needs it is refused. */
  private prove(carrier: object, source: CredentialSource, wished: Demand): MaybePromise<undefined> {
    const outcomes = [ACCESS, MASTER]
      .filter((level) => wished & level)
      .map((level) => this.gate.prove(carrier, source, level));
    return outcomes.some((outcome) => outcome instanceof Promise)
      ? Promise.all(outcomes).then(() => undefined)
      : undefined;
  }
}

function demandOfMessages(gateways: readonly Gateway[]): Demand {
  return gateways.reduce<Demand>((sum, gateway) => sum | gateway.demandOfMessages, NONE);
}
