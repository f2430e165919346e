import type { Denial } from '../../access/denial.js';
import type { Requirement } from '../../access/requirement.js';
import type { MaybePromise } from '../../sessions/token-store.js';

type Outcome = MaybePromise<Denial | undefined>;

/** Refusals that are not the token's fault alone: another requirement may have another outcome. */
const BY_REQUIREMENT: readonly string[] = ['insufficient_scope', 'insufficient_user_authentication'];

/**
 * What was decided about one request, however many resolvers ask, and in parallel: each credential is verified once,
 * a bad one counts as one attempt, and is reported once.
 */
export class OperationDecisions {
  private readonly outcomes = new Map<Requirement, Outcome>();
  private denialOfToken: Denial | undefined;
  private underWay: Promise<unknown> | undefined;

  /** @param ofPath what the path rules ask of the endpoint, for every resolver */
  constructor(private readonly ofPath: Requirement) {}

  /** @param declared what the resolver's decorators ask, one object for all calls of it */
  decide(declared: Requirement, admit: (requirement: Requirement) => Outcome): Outcome {
    const known = this.outcomes.get(declared);
    if (known !== undefined || this.outcomes.has(declared)) return known;
    const requirement = declared.and(this.ofPath);
    const ask = (): Outcome => this.ask(requirement, admit);
    // What is being verified may be what this asks for.
    const outcome = requirement.isOpen || !this.underWay ? ask() : this.underWay.then(ask);
    this.outcomes.set(declared, outcome);
    if (outcome instanceof Promise) this.waitFor(declared, outcome);
    return outcome;
  }

  private ask(requirement: Requirement, admit: (requirement: Requirement) => Outcome): Outcome {
    if (requirement.isOpen) return undefined;
    if (requirement.ofAccess && this.denialOfToken) return this.denialOfToken;
    const outcome = admit(requirement);
    if (outcome instanceof Promise) return outcome.then((denial) => this.note(requirement, denial));
    return this.note(requirement, outcome);
  }

  private note(requirement: Requirement, denial: Denial | undefined): Denial | undefined {
    if (denial && requirement.ofAccess && !BY_REQUIREMENT.includes(denial.code)) this.denialOfToken = denial;
    return denial;
  }

  private waitFor(requirement: Requirement, outcome: Promise<Denial | undefined>): void {
    const settled = outcome.then(
      (denial) => void this.outcomes.set(requirement, denial),
      () => undefined,
    );
    const all = this.underWay === undefined ? settled : Promise.all([this.underWay, settled]);
    this.underWay = all;
    void all.then(() => {
      if (this.underWay === all) this.underWay = undefined;
    });
  }
}
