import { challengeOf, type Challenger, CONSTANT_DENIALS, type Denial, denialHeaders } from './denial.js';

/** {@link denialHeaders} of one application, which writes the challenges of {@link CONSTANT_DENIALS} once. */
export class DenialHeaders {
  private readonly challenges: ReadonlyMap<Denial, string>;

  constructor(private readonly challenger: Challenger) {
    const challenged = CONSTANT_DENIALS.filter(({ status }) => status === 400 || status === 401);
    this.challenges = new Map(challenged.map((denial) => [denial, challengeOf(denial, challenger)]));
  }

  of(denial: Denial, correlationId: string): Record<string, string> {
    const challenge = this.challenges.get(denial);
    return challenge === undefined
      ? denialHeaders(denial, this.challenger, correlationId)
      : { 'WWW-Authenticate': challenge, 'X-Request-Id': correlationId };
  }
}
