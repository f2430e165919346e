import { Injectable } from '@nestjs/common';
import type { MaybePromise } from '../sessions/token-store.js';
import { unitedPrincipal, type Principal } from '../tokens/principal.js';
import { AttemptLimiter } from '../limits/attempt-limiter.js';
import { Authenticator } from './authenticator.js';
import { MasterUses } from './master-uses.js';
import type { CredentialSource } from './credentials.js';
import { FastauthEvents } from '../events/fastauth-events.js';
import { correlationIdOf } from '../events/correlation-id.js';
import { ACCESS, describeDemand, MASTER, NONE, type Demand } from './demand.js';
import { DENIALS, isDenial, type Denial } from './denial.js';
import { Proofs } from './request-access.js';
import { toldRequestLine } from './request-line.js';

/**
 * Where edge, guards and handshakes meet: asks for what a request has not proved yet, and keeps what it has.
 * So a credential is verified once however many of them a request passes.
 */
@Injectable()
export class Gate {
  /** How many demands were met, by demand, since the start. */
  readonly admitted: number[] = [0, 0, 0, 0];
  /** What requests and sockets have proved to this application. */
  readonly proofs = new Proofs();
  private readonly masterUses: MasterUses;

  constructor(
    private readonly authenticator: Authenticator,
    private readonly events: FastauthEvents,
    private readonly limiter: AttemptLimiter,
  ) {
    this.masterUses = new MasterUses(events, limiter);
  }

  /**
   * Decides, and tells of a refusal.
   * @param carrier what the proof is kept on: Node's request, or a socket
   * @returns undefined if the demand is met
   */
  admit(carrier: object, source: CredentialSource, demand: Demand): MaybePromise<Denial | undefined> {
    const outcome = this.prove(carrier, source, demand);
    if (outcome === undefined) return undefined;
    if (outcome instanceof Promise) {
      return this.events.operations
        .time('verify', outcome)
        .then((denial) => denial && this.refuse(denial, source, demand));
    }
    return this.refuse(outcome, source, demand);
  }

  /** As {@link admit}, but nobody is told of a refusal: for what is not demanded yet. */
  prove(carrier: object, source: CredentialSource, demand: Demand): MaybePromise<Denial | undefined> {
    const missing: Demand = demand & ~(this.proofs.read(carrier)?.proved ?? NONE);
    if (missing === NONE) return undefined;
    const outcome = this.authenticator.authenticate(missing, source);
    return outcome instanceof Promise
      ? outcome.then((value) => this.conclude(carrier, source, missing, value))
      : this.conclude(carrier, source, missing, outcome);
  }

  /**
   * Verifies another access token of the same client and puts its principal in the place of the one before, whatever
   * the carrier has proved. Where it had no client yet, the token's becomes it. A refusal changes nothing.
   * @returns undefined if the token is good
   */
  renew(carrier: object, source: CredentialSource): MaybePromise<Denial | undefined> {
    const outcome = this.authenticator.authenticate(ACCESS, source);
    return outcome instanceof Promise
      ? outcome.then((value) => this.replace(carrier, source, value))
      : this.replace(carrier, source, outcome);
  }

  private replace(
    carrier: object,
    source: CredentialSource,
    outcome: Principal | Denial,
  ): Denial | undefined {
    if (isDenial(outcome)) return this.refuse(outcome, source, ACCESS);
    const { proved, principal } = this.proofs.read(carrier) ?? { proved: NONE, principal: outcome };
    if (principal.clientId !== undefined && principal.clientId !== outcome.clientId) {
      return this.refuse(DENIALS.otherClient, source, ACCESS);
    }
    this.admitted[ACCESS] = (this.admitted[ACCESS] ?? 0) + 1;
    const name = principal.masterTokenName;
    const master = name === undefined ? undefined : this.authenticator.masterNamed(name);
    this.proofs.write(carrier, {
      proved: proved | ACCESS,
      principal: master ? unitedPrincipal(outcome, master) : outcome,
    });
    return undefined;
  }

  /** Tells of a refusal. @returns the same denial */
  refuse(denial: Denial, source: CredentialSource, demand: Demand): Denial {
    const { code, detail, reason = detail } = denial;
    this.events.emit(
      {
        type: 'access.denied',
        code,
        reason,
        ...toldRequestLine(source),
        level: describeDemand(demand),
        address: this.limiter.addressOf(source),
      },
      correlationIdOf(source.headers),
    );
    return denial;
  }

  private conclude(
    carrier: object,
    source: CredentialSource,
    demand: Demand,
    outcome: Principal | Denial,
  ): Denial | undefined {
    if (isDenial(outcome)) return outcome;
    if (demand & MASTER) this.masterUses.tell(outcome, source);
    this.admitted[demand] = (this.admitted[demand] ?? 0) + 1;
    const before = this.proofs.read(carrier);
    this.proofs.write(
      carrier,
      before
        ? { proved: before.proved | demand, principal: united(before.principal, outcome) }
        : { proved: demand, principal: outcome },
    );
    return undefined;
  }
}

/** One of the two was opened by a master token, the other by a client's access token. */
function united(one: Principal, other: Principal): Principal {
  return one.clientId === undefined ? unitedPrincipal(other, one) : unitedPrincipal(one, other);
}
