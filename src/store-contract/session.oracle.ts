import assert from 'node:assert/strict';
import type { FastauthConfig } from '../config/fastauth-config.js';
import type { IssuedTokens } from '../tokens/issued-tokens.js';

/** The settings that the model needs to know. Durations are seconds. */
export type ModelConfig = Pick<
  FastauthConfig,
  'refreshGrace' | 'clockTolerance' | 'familyMaxAge' | 'accessTokenExpiresIn' | 'refreshTokenExpiresIn'
>;

/** In seconds. */
export interface TimeSpan {
  readonly from: number;
  readonly to: number;
}

/** A time that is known up to the clocks of those who may have taken it, and to how long a call took. */
export interface Moment extends TimeSpan {
  /** The same by the clock of the backend. */
  readonly byBackend: TimeSpan;
}

/** What may come of a refresh: a new pair, the pair that the token was spent for, a refusal, or one that ends the session. */
export type Outcome = 'rotated' | 'same' | 'refused' | 'ended';

/** What must be true of one session, whoever is asked. */
export class ModelSession {
  /** Every pair that was issued, by generation. */
  readonly pairs: IssuedTokens[];
  isLive = true;
  #rotated: Moment | undefined;
  readonly #began: number;

  constructor(
    readonly clientId: string,
    first: IssuedTokens,
    private readonly config: ModelConfig,
  ) {
    this.pairs = [first];
    this.#began = claimsOf(first.refreshToken).iat;
  }

  get generation(): number {
    return this.pairs.length - 1;
  }

  get current(): IssuedTokens {
    return this.pairs[this.generation] as IssuedTokens;
  }

  /** What may come of refreshing with the token of this generation at this moment. */
  outcomes(generation: number, at: Moment): ReadonlySet<Outcome> {
    return new Set(
      [at.from, at.to].flatMap((now) =>
        this.#rotationAges(now, at.byBackend).map((age) => this.#outcome(generation, now, age)),
      ),
    );
  }

  rotated(pair: IssuedTokens, at: Moment): void {
    assert.ok(
      !this.pairs.some((known) => known.refreshToken === pair.refreshToken),
      'a pair was issued twice',
    );
    this.pairs.push(pair);
    this.#rotated = at;
  }

  /**
   * Whether this access token must be good at this moment; undefined: it may be, or not. A server whose clock was set
   * back may remember having verified a token that seems to come from the future.
   */
  isGood(generation: number, at: Moment): boolean | undefined {
    if (!this.isLive || generation !== this.generation) return false;
    const { iat, exp } = claimsOf(this.current.accessToken);
    const { clockTolerance } = this.config;
    if (exp + clockTolerance <= at.from) return false;
    return exp + clockTolerance > at.to && iat <= at.from + clockTolerance ? true : undefined;
  }

  mayHaveExpired(at: Moment): boolean {
    return claimsOf(this.current.refreshToken).exp <= at.to + this.config.clockTolerance;
  }

  /** A store may know the age by its backend's clock, which then counts, and need not agree with the servers'. */
  #rotationAges(now: number, byBackend: TimeSpan): number[] {
    const rotated = this.#rotated;
    if (rotated === undefined) return [now];
    return [
      now - rotated.from,
      now - rotated.to,
      byBackend.from - rotated.byBackend.to,
      byBackend.to - rotated.byBackend.from,
    ];
  }

  #outcome(generation: number, now: number, age: number): Outcome {
    const { refreshGrace, clockTolerance, familyMaxAge } = this.config;
    if (!this.isLive || !this.#isInTime((this.pairs[generation] as IssuedTokens).refreshToken, now))
      return 'refused';
    if (generation === this.generation) {
      return this.#began + familyMaxAge > Math.floor(now) ? 'rotated' : 'refused';
    }
    if (generation < this.generation - 1) return 'ended';
    if (age < -clockTolerance) return 'refused';
    if (age < refreshGrace) return 'same';
    return age < 1 ? 'refused' : 'ended';
  }

  #isInTime(token: string, now: number): boolean {
    const { iat, exp } = claimsOf(token);
    const { clockTolerance } = this.config;
    return iat <= now + clockTolerance && exp + clockTolerance > now;
  }
}

function claimsOf(token: string): { iat: number; exp: number } {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as {
    iat: number;
    exp: number;
  };
}
