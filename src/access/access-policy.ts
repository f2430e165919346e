import { Inject, Injectable } from '@nestjs/common';
import { FASTAUTH_CONFIG, type FastauthConfig } from '../config/fastauth-config.js';
import { type ConfiguredEndpoint, declaredDemand } from './decorators.js';
import { ACCESS, MASTER, NONE, type Demand } from './demand.js';
import { PathRules } from './path-rules.js';

const DEMANDS = { public: NONE, access: ACCESS, master: MASTER } as const;

/** Decides what a route needs: decorators, path rules and `default-access` together, the stricter wins. */
@Injectable()
export class AccessPolicy {
  readonly defaultDemand: Demand;
  private readonly configured: Readonly<Record<ConfiguredEndpoint, Demand>>;
  private readonly declared = new Map<object, Map<object, Demand>>();

  constructor(
    @Inject(FASTAUTH_CONFIG) config: FastauthConfig,
    private readonly rules: PathRules,
  ) {
    this.defaultDemand = DEMANDS[config.defaultAccess];
    this.configured = {
      issuance: config.publicTokenIssuance ? NONE : MASTER,
      introspection: DEMANDS[config.introspectionAccess],
    };
  }

  /** Whether there is any path rule at all. */
  get hasPathRules(): boolean {
    return !this.rules.isEmpty;
  }

  /** What a handler needs by its decorators, or by default. */
  demandOfHandler(handler: object, controller: object): Demand {
    let ofController = this.declared.get(controller);
    if (!ofController) this.declared.set(controller, (ofController = new Map()));
    let demand = ofController.get(handler);
    if (demand === undefined) {
      demand = declaredDemand(handler, controller, this.configured) ?? this.defaultDemand;
      ofController.set(handler, demand);
    }
    return demand;
  }

  /** Whether a decorator says that the handler is open; not so where it is open for want of any. */
  isMarkedPublic(handler: object, controller: object): boolean {
    return declaredDemand(handler, controller, this.configured) === NONE;
  }

  /** What the path rules ask for a route whose pattern, as the router has it, is this. */
  demandOfPattern(pattern: string): Demand {
    return this.rules.demandForPattern(pattern);
  }

  /** What the path rules ask for a request target, however it is spelt. */
  demandOfTarget(target: string): Demand {
    return this.rules.demandForTarget(target);
  }

  /** What a route needs whatever URL it is reached by, as documents and logs tell it. */
  demandOfRoute(handler: object, controller: object, patterns: readonly string[]): Demand {
    return patterns.reduce<Demand>(
      (demand, pattern) => demand | this.demandOfPattern(pattern),
      this.demandOfHandler(handler, controller),
    );
  }

  /** What makes a route guarded, for people: `decorator`, `default-access`, `path rule "/admin"`. */
  originsOfDemand(handler: object, controller: object, patterns: readonly string[]): readonly string[] {
    const declared = declaredDemand(handler, controller, this.configured);
    const rules = patterns.flatMap((pattern) => this.rules.rulesForPattern(pattern));
    return [
      ...(declared ? ['decorator'] : []),
      ...(declared === undefined && this.defaultDemand !== NONE ? ['default-access'] : []),
      ...[...new Set(rules)].map(({ text }) => `path rule ${JSON.stringify(text)}`),
    ];
  }
}
