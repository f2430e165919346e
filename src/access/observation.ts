import { Inject, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { Clock } from '../clock.js';
import { FASTAUTH_CONFIG, type FastauthConfig } from '../config/fastauth-config.js';
import { timeOf } from '../config/time-setting.js';
import { ConfigError, type FastauthErrorCode } from '../errors.js';
import type { Denial } from './denial.js';
import { MASTER_TOKEN, type Requirement } from './requirement.js';

/** What may be observed is forgotten if it goes on for longer. */
const MOST_DAYS = 90;
const DAY_MS = 24 * 60 * 60 * 1000;

/** No token, a bad one, one that may too little: all else that a call is refused for is no matter of observing. */
const OBSERVED: ReadonlySet<FastauthErrorCode> = new Set([
  'missing_token',
  'token_expired',
  'token_superseded',
  'session_revoked',
  'session_superseded',
  'wrong_token_type',
  'invalid_token',
  'insufficient_scope',
  'insufficient_user_authentication',
]);
const LACKING: ReadonlySet<FastauthErrorCode> = new Set([
  'insufficient_scope',
  'insufficient_user_authentication',
]);

/** `enforcement: "observe"`: until `observe-until`, what access requirements miss passes, and is reported. */
@Injectable()
export class Observation implements OnApplicationBootstrap {
  /** Whether it is configured at all; where not, nobody has to ask for more. */
  readonly isConfigured: boolean;
  /** Epoch seconds from which on everything is enforced. */
  readonly until: number;
  private readonly logger = new Logger('Fastauth');

  /** @throws ConfigError it would go on for too long */
  constructor(
    @Inject(FASTAUTH_CONFIG) { enforcement, observeUntil }: FastauthConfig,
    private readonly clock: Clock,
  ) {
    this.isConfigured = enforcement === 'observe';
    this.until = this.isConfigured ? (timeOf(observeUntil) ?? 0) : 0;
    if (this.until * 1000 > clock.now() + MOST_DAYS * DAY_MS) {
      throw new ConfigError([
        `observe-until is more than ${MOST_DAYS} days ahead; choose an earlier date, and set another one when it comes`,
      ]);
    }
  }

  onApplicationBootstrap(): void {
    if (!this.isConfigured) return;
    const date = new Date(this.until * 1000).toISOString();
    this.logger.warn(
      this.isOn
        ? `ACCESS IS NOT ENFORCED (enforcement: "observe"): until ${date}, calls without a good access token pass, and are reported as access.would_deny. Master requirements and the token endpoints are enforced.`
        : `enforcement is "observe", but observe-until (${date}) has passed: everything is enforced. Take both out of the configuration.`,
    );
  }

  get isOn(): boolean {
    return this.isConfigured && this.clock.now() < this.until * 1000;
  }

  /** Whether a call passes though it misses this requirement. What the master token may open is enforced. */
  passes({ code }: Denial, requirement: Requirement): boolean {
    return OBSERVED.has(code) && this.covers(requirement);
  }

  /** Whether a miss of this requirement may pass now. */
  covers({ credentials }: Requirement): boolean {
    return !(credentials & MASTER_TOKEN) && this.isOn;
  }
}

/** Whether the access token was good, and only may too little. */
export function isLackingOnly({ code }: Denial): boolean {
  return LACKING.has(code);
}
