import { Inject, Injectable } from '@nestjs/common';
import { AccessPolicy } from '../../access/access-policy.js';
import type { Call } from '../../access/call.js';
import { DENIALS, type Denial } from '../../access/denial.js';
import { Gate } from '../../access/gate.js';
import type { Proofs } from '../../access/request-access.js';
import { NONE, OPTIONAL, Requirement } from '../../access/requirement.js';
import { FASTAUTH_CONFIG, type FastauthConfig } from '../../config/fastauth-config.js';
import { SafeLogger } from '../../events/safe-logger.js';
import { AttemptLimiter } from '../../limits/attempt-limiter.js';
import type { MaybePromise } from '../../sessions/token-store.js';
import { AccessTokens } from '../../tokens/access-tokens.js';
import type { Gateway } from './gateway-table.js';
import type { HandshakeSources } from './handshake-call.js';
import { HandshakeQueue } from './handshake-queue.js';
import { heldToken, type HeldToken, untilEnforced } from '../live/held-token.js';
import { LiveSockets } from '../live/live-sockets.js';
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
  /** Who the peer is, is kept on its carrier as well. */
  readonly call: Call;
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
    private readonly tokens: AccessTokens,
    @Inject(FASTAUTH_CONFIG) readonly config: FastauthConfig,
  ) {}

  /** Where handshakes may carry access tokens. */
  get sources(): HandshakeSources {
    return { allowsQuery: this.config.websocketQueryToken, cookie: this.gate.cookie?.ofHandshake };
  }

  /** What sockets have proved. */
  get proofs(): Proofs {
    return this.gate.proofs;
  }

  /** Lets nobody in any more. */
  close(): void {
    this.isClosing = true;
  }

  /** What a socket needs to come there, whatever its URL is. */
  requirementOf({ gateways, paths, namespace }: Destination): Requirement {
    // A namespace that no gateway serves needs what everything needs by default.
    const declared = gateways.length === 0 ? this.policy.defaultRequirement : NONE;
    return Requirement.all([
      declared,
      ...gateways.map(({ requirement }) => requirement),
      ...paths.map((path) => this.policy.requirementOfPattern(path, 'GET')),
      namespace === undefined ? NONE : this.policy.requirementOfTarget(namespace, 'GET'),
    ]);
  }

  /** Whether nothing there, messages included, asks for a credential. */
  isOpen(destination: Destination, target?: string): boolean {
    const ofTarget = target === undefined ? NONE : this.policy.requirementOfTarget(target, 'GET');
    return [this.requirementOf(destination), ofTarget, requirementOfMessages(destination.gateways)].every(
      ({ isOpen }) => isOpen,
    );
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
    const { call } = attempt;
    if (this.isClosing) return DENIALS.shuttingDown;
    const requirement = Requirement.all([
      this.requirementOf(attempt),
      this.policy.requirementOfTarget(attempt.target, 'GET'),
      // A message brings no token, so it is here that one which is sent has to be good.
      requirementOfMessages(attempt.gateways).checksOptional ? OPTIONAL : NONE,
    ]);
    if (!this.isWelcome(call.from.headers.origin)) {
      return this.gate.refuse(DENIALS.foreignOrigin, call, requirement);
    }
    const verify = (): MaybePromise<Denial | Admission> => this.verify(attempt, requirement);
    if (!this.namesUnknownKey(call)) return this.queue.run(verify);
    return this.queue.runForKeys(verify) ?? this.gate.refuse(KEYS_AWAITED, call, requirement);
  }

  private namesUnknownKey({ sent }: Call): boolean {
    if (typeof sent === 'symbol' || sent.accessToken === undefined) return false;
    return this.tokens.namesUnknownKey(sent.accessToken);
  }

  private verify(attempt: HandshakeAttempt, requirement: Requirement): MaybePromise<Denial | Admission> {
    const { call, gateways } = attempt;
    const wished = requirementOfMessages(gateways);
    const { changesHeard } = this.live;
    const admission = (): Admission => {
      const address = this.limiter.addressOf(call.from);
      const { transport, correlationId } = call;
      writePeer(call.carrier, { address, transport, correlationId, requirement });
      const held = heldToken(this.gate.proofs.read(call.carrier), call);
      return { held: untilEnforced(held, this.gate.observedUntil(call.carrier)), changesHeard };
    };
    const goOn = (denial: Denial | undefined): MaybePromise<Denial | Admission> => {
      const proving = denial ?? this.gate.proveAhead(call, wished);
      return proving instanceof Promise ? proving.then(admission) : (proving ?? admission());
    };
    const outcome = this.gate.admit(call, requirement);
    return outcome instanceof Promise ? outcome.then(goOn) : goOn(outcome);
  }
}

function requirementOfMessages(gateways: readonly Gateway[]): Requirement {
  return Requirement.all(gateways.map((gateway) => gateway.requirementOfMessages));
}
