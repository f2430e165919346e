import { Inject, Injectable } from '@nestjs/common';
import { AccessPolicy } from '../access/access-policy.js';
import type { CredentialSource } from '../access/credentials.js';
import { ACCESS, MASTER, NONE, type Demand } from '../access/demand.js';
import type { Denial } from '../access/denial.js';
import { Gate } from '../access/gate.js';
import { FASTAUTH_CONFIG, type FastauthConfig } from '../config/fastauth-config.js';
import type { MaybePromise } from '../stores/token-store.js';
import type { Gateway } from './gateway-table.js';

/** One socket that asks to be let in. */
export interface HandshakeAttempt {
  /** What the proof is kept on. */
  readonly carrier: object;
  readonly source: CredentialSource;
  /** The request target as it was sent. */
  readonly target: string;
  /** Paths it goes to besides: the gateway's, a namespace. */
  readonly paths: readonly string[];
  /** The gateways that it would reach. */
  readonly gateways: readonly Gateway[];
}

/** Decides whether a socket may enter: the gateways' decorators and the path rules together. */
@Injectable()
export class Handshake {
  constructor(
    private readonly policy: AccessPolicy,
    private readonly gate: Gate,
    @Inject(FASTAUTH_CONFIG) readonly config: FastauthConfig,
  ) {}

  /** What a socket needs that reaches these gateways by these paths, whatever its URL is. */
  demandOf(gateways: readonly Gateway[], paths: readonly string[]): Demand {
    // A namespace that no gateway serves needs what everything needs by default.
    const declared = gateways.length === 0 ? this.policy.defaultDemand : NONE;
    return (
      gateways.reduce<Demand>((sum, { demand }) => sum | demand, declared) |
      paths.reduce<Demand>((sum, path) => sum | this.policy.demandOfPattern(path), NONE)
    );
  }

  /**
   * Verifies what the handshake needs and, so that no credential has to be kept for later, what messages of the
   * same gateways may need, as far as it was sent.
   * @returns undefined if the socket may enter
   */
  admit(attempt: HandshakeAttempt): MaybePromise<Denial | undefined> {
    const { carrier, source, gateways } = attempt;
    const demand = this.demandOf(gateways, attempt.paths) | this.policy.demandOfTarget(attempt.target);
    const wished = gateways.reduce<Demand>((sum, { demandOfMessages }) => sum | demandOfMessages, NONE);
    const outcome = this.gate.admit(carrier, source, demand);
    if (outcome instanceof Promise) {
      return outcome.then((denial) => denial ?? this.prove(carrier, source, wished));
    }
    return outcome ?? this.prove(carrier, source, wished);
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
