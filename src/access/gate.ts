import { Inject, Injectable } from '@nestjs/common';
import { FASTAUTH_CONFIG, type FastauthConfig } from '../config/fastauth-config.js';
import type { AnsweredHeaders } from '../events/correlation-id.js';
import type { MaybePromise } from '../sessions/token-store.js';
import { isSameBearer, mergePrincipals } from '../tokens/principal.js';
import { AttemptLimiter } from '../limits/attempt-limiter.js';
import { Authenticator } from './authenticator.js';
import type { Call } from './call.js';
import { isLackingOnly, Observation } from './observation.js';
import { MasterUses } from './master-uses.js';
import { FastauthEvents } from '../events/fastauth-events.js';
import { DENIALS, isDenial, type Denial } from './denial.js';
import { AccessCookie } from './access-cookie.js';
import { FOREIGN_ORIGIN } from './credentials.js';
import { Proofs, type RawRequest, type RequestAccess } from './request-access.js';
import { RequestCall } from './request-call.js';
import { RefusalExplainer } from './refusal-explainer.js';
import { toldRequestLine } from './request-line.js';
import {
  ACCESS,
  ACCESS_TOKEN,
  MASTER,
  MASTER_TOKEN,
  type CredentialSet,
  type Requirement,
} from './requirement.js';

/**
 * What a refusal of a call means. `whole`: the call ends with it; `part`: of a call that has other parts, such as
 * a resolver's; `enforced`: as `whole`, whatever is only observed elsewhere.
 */
export type Refusal = 'whole' | 'part' | 'enforced';

/**
 * Where edge, guards and handshakes meet: asks for what a call has not proved yet, and keeps what it has.
 * So a credential is verified once however many of them a call passes.
 */
@Injectable()
export class Gate {
  /** How often credentials were verified and let a call in, by {@link CredentialSet}, since the start. */
  readonly admitted: number[] = [0, 0, 0, 0];
  /** What requests and sockets have proved to this application. */
  readonly proofs = new Proofs();
  /** Where browsers carry access tokens; undefined where they carry none. */
  readonly cookie: AccessCookie | undefined;
  private readonly masterUses: MasterUses;
  /** Undefined in production. */
  private readonly explainer: RefusalExplainer | undefined;
  /** Undefined where everything is enforced, which is then all that this costs. */
  private readonly observation: Observation | undefined;

  constructor(
    private readonly authenticator: Authenticator,
    private readonly events: FastauthEvents,
    private readonly limiter: AttemptLimiter,
    observation: Observation,
    explainer: RefusalExplainer,
    @Inject(FASTAUTH_CONFIG) config: FastauthConfig,
  ) {
    this.cookie = AccessCookie.of(config);
    this.observation = observation.isConfigured ? observation : undefined;
    this.explainer = explainer.isOn ? explainer : undefined;
    this.masterUses = new MasterUses(events, limiter);
  }

  /** @param answer what is known of the answer already */
  callOf(request: RawRequest, answer?: AnsweredHeaders): Call {
    return new RequestCall(request, this.cookie?.ofRequest, answer);
  }

  /**
   * Decides, and reports a refusal.
   * @returns undefined if the requirement is met, or if a miss is only observed at present
   */
  admit(call: Call, requirement: Requirement, refusal: Refusal = 'whole'): MaybePromise<Denial | undefined> {
    // What was observed once is neither verified nor told again.
    if (
      this.observation !== undefined &&
      refusal !== 'enforced' &&
      this.proofs.isObserved(call.carrier) &&
      this.observation.covers(requirement)
    ) {
      return undefined;
    }
    const outcome = this.prove(call, requirement);
    if (outcome === undefined) return undefined;
    if (outcome instanceof Promise) {
      return this.events.operations
        .time('verify', outcome)
        .then((denial) => denial && this.decline(denial, call, requirement, refusal));
    }
    return this.decline(outcome, call, requirement, refusal);
  }

  /** Whether misses are let pass at present, so that it has to be known what is enforced all the same. */
  get isObserving(): boolean {
    return this.observation !== undefined && this.observation.isOn;
  }

  /** From when on everything is enforced (epoch seconds); undefined: it always is. */
  get enforcedFrom(): number | undefined {
    return this.observation?.until;
  }

  /** When a carrier that was let pass though it missed something has to go (epoch seconds); undefined: it was not. */
  observedUntil(carrier: object): number | undefined {
    return this.observation && this.proofs.isObserved(carrier) ? this.observation.until : undefined;
  }

  /** Whether a refusal is only observed at present; then it is reported as that. */
  observes(denial: Denial, call: Call, requirement: Requirement, refusal: Refusal): boolean {
    if (!this.observation || refusal === 'enforced' || !this.observation.passes(denial, requirement))
      return false;
    if (!this.proofs.isObserved(call.carrier)) this.report('access.would_deny', denial, call, requirement);
    if (refusal === 'whole') this.proofs.markObserved(call.carrier);
    return true;
  }

  /** As {@link admit}, but a refusal is not reported: for what is not required yet. */
  prove(call: Call, requirement: Requirement): MaybePromise<Denial | undefined> {
    if (requirement.isOpen) return undefined;
    const before = this.proofs.read(call.carrier);
    if (before && this.authenticator.isMet(requirement, before)) {
      // Something may have given the request another method since its cookie was read.
      const isForeign = this.cookie !== undefined && call.sent === FOREIGN_ORIGIN;
      return isForeign ? DENIALS.foreignOrigin : undefined;
    }
    const outcome = this.authenticator.authenticate(requirement, call, before);
    return outcome instanceof Promise
      ? outcome.then((value) => this.conclude(call, before, value))
      : this.conclude(call, before, outcome);
  }

  /**
   * Proves what may be needed later, as far as it was sent. What is sent and no good is as good as none, and is told
   * once it is needed.
   */
  proveAhead(call: Call, wished: Requirement): MaybePromise<undefined> {
    const outcomes = [ACCESS, MASTER]
      .filter(({ credentials }) => wished.credentials & credentials)
      .map((single) => {
        const keep = (denial: Denial | undefined): void => {
          if (denial === undefined || denial.code === 'missing_token') return;
          this.proofs.writeRefused(call.carrier, single === ACCESS ? { access: denial } : { master: denial });
        };
        const outcome = this.prove(call, single);
        return outcome instanceof Promise ? outcome.then(keep) : keep(outcome);
      });
    return outcomes.some((outcome) => outcome instanceof Promise)
      ? Promise.all(outcomes).then(() => undefined)
      : undefined;
  }

  /** Whether the carrier has proved already what is required, so that it may enter without being asked. */
  isMet(carrier: object, requirement: Requirement): boolean {
    const before = this.proofs.read(carrier);
    return requirement.isOpen || (before !== undefined && this.authenticator.isMet(requirement, before));
  }

  /**
   * What speaks against it that a carrier enters again by what it has proved before. A refusal is not reported.
   * @param endingOf which of these credentials is good no more
   */
  recheck(
    carrier: object,
    requirement: Requirement,
    endingOf: (credentials: CredentialSet) => Denial | undefined,
  ): Denial | undefined {
    const { proofs } = this;
    return this.authenticator.recheck(
      requirement,
      proofs.read(carrier),
      endingOf,
      proofs.readRefused(carrier),
    );
  }

  /**
   * Verifies another access token of the same client and puts its principal in the place of the one before, whatever
   * the carrier has proved. Where it had no client yet, the token's becomes it. A refusal changes nothing.
   * @param requirement what the carrier came in by, and has to meet with the token as well
   * @returns undefined if the token is good
   */
  renew(call: Call, requirement: Requirement): MaybePromise<Denial | undefined> {
    const outcome = this.authenticator.authenticate(ACCESS, call, undefined);
    return outcome instanceof Promise
      ? outcome.then((value) => this.replace(call, requirement, value))
      : this.replace(call, requirement, outcome);
  }

  /** Reports a refusal. @returns the same denial */
  refuse(denial: Denial, call: Call, requirement: Requirement): Denial {
    this.report('access.denied', denial, call, requirement);
    return denial;
  }

  /** Audits what somebody does who has shown the master token of this name before. */
  tellMasterUse(masterTokenName: string, call: Call): void {
    this.masterUses.tell({ masterTokenName }, call);
  }

  private decline(
    denial: Denial,
    call: Call,
    requirement: Requirement,
    refusal: Refusal,
  ): MaybePromise<Denial | undefined> {
    if (!this.observes(denial, call, requirement, refusal)) {
      this.refuse(denial, call, requirement);
      return refusal === 'part' ? denial : this.explain(denial, call, requirement);
    }
    if (!isLackingOnly(denial)) return undefined;
    // Whose token it is holds all the same.
    const identity = this.prove(call, ACCESS);
    return identity instanceof Promise ? identity.then(() => undefined) : undefined;
  }

  private explain(denial: Denial, call: Call, requirement: Requirement): MaybePromise<Denial> {
    const reader = this.explainer?.readerOf(denial, call);
    if (!this.explainer || !reader) return denial;
    this.masterUses.tell(reader, call);
    return this.explainer.explain(denial, call, requirement);
  }

  private report(
    type: 'access.denied' | 'access.would_deny',
    denial: Denial,
    call: Call,
    requirement: Requirement,
  ): void {
    const { code, detail, reason = detail } = denial;
    const bearer = denial.bearer ?? this.proofs.read(call.carrier)?.principal;
    this.events.emit(
      {
        type,
        code,
        reason,
        transport: call.transport,
        ...toldRequestLine(call.line),
        clientId: bearer?.clientId,
        familyId: bearer?.familyId,
        level: requirement.describe(),
        address: this.limiter.addressOf(call.from),
      },
      call.correlationId,
    );
  }

  private replace(
    call: Call,
    requirement: Requirement,
    outcome: RequestAccess | Denial | undefined,
  ): Denial | undefined {
    if (outcome === undefined) return this.refuse(DENIALS.noAccessToken, call, ACCESS);
    if (isDenial(outcome)) return this.refuse(outcome, call, ACCESS);
    const { proved, principal } = this.proofs.read(call.carrier) ?? {
      proved: 0,
      principal: outcome.principal,
    };
    if (principal.clientId !== undefined && !isSameBearer(principal, outcome.principal)) {
      return this.refuse(DENIALS.otherClient, call, ACCESS);
    }
    const name = principal.masterTokenName;
    const master = name === undefined ? undefined : this.authenticator.masterNamed(name);
    const renewed = {
      proved: proved | ACCESS_TOKEN,
      principal: master ? mergePrincipals(outcome.principal, master) : outcome.principal,
    };
    const lacking = this.authenticator.recheck(requirement, renewed, () => undefined, {});
    if (lacking && !this.observes(lacking, call, requirement, 'part')) {
      return this.refuse(lacking, call, requirement);
    }
    this.count(ACCESS_TOKEN);
    this.proofs.write(call.carrier, renewed);
    return undefined;
  }

  private conclude(
    call: Call,
    before: RequestAccess | undefined,
    outcome: RequestAccess | Denial | undefined,
  ): Denial | undefined {
    if (outcome === undefined) return undefined;
    if (isDenial(outcome)) return outcome;
    const verified = outcome.proved & ~(before?.proved ?? 0);
    if (verified & MASTER_TOKEN) this.masterUses.tell(outcome.principal, call);
    this.count(verified);
    this.proofs.write(call.carrier, outcome);
    return undefined;
  }

  private count(credentials: number): void {
    this.admitted[credentials] = (this.admitted[credentials] ?? 0) + 1;
  }
}
