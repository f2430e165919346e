import {
  type ExecutionContext,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type Type,
} from '@nestjs/common';
import { FASTAUTH_CONFIG, type FastauthConfig } from '../config/fastauth-config.js';
import {
  type ConfiguredDemands,
  declaredDemand,
  declaredDemandOfClass,
  type Replaced,
  replacedDemand,
} from './declared-demand.js';
import { ACCESS, BOTH, describeDemand, MASTER, NONE, type Demand } from './demand.js';
import { HandlerNames, methodNamesOf } from './handler-names.js';
import { PathRules } from './paths/path-rules.js';

const DEMANDS = { public: NONE, access: ACCESS, master: MASTER } as const;

/** What a handler needs by its decorators and by default; path rules come on top. */
interface HandlerDemand {
  readonly demand: Demand;
  /** Whether a decorator says something about it. */
  readonly isDeclared: boolean;
  /** Whether a decorator says that it is open; not so where it is open for want of any. */
  readonly isMarkedPublic: boolean;
}

/** Of a call that belongs to no class, of which nobody could say that it is open. */
const UNKNOWN: HandlerDemand = { demand: BOTH, isDeclared: true, isMarkedPublic: false };

/** Decides what a route needs: decorators, path rules and `default-access` together, the stricter wins. */
@Injectable()
export class AccessPolicy implements OnApplicationBootstrap {
  readonly defaultDemand: Demand;
  private readonly configured: ConfiguredDemands;
  /** By class and function, both weakly: some applications make functions for each request. */
  private handlers = new WeakMap<object, WeakMap<object, HandlerDemand>>();
  private readonly unnamed = new WeakSet<object>();

  /** @internal */
  constructor(
    @Inject(FASTAUTH_CONFIG) config: FastauthConfig,
    private readonly rules: PathRules,
    private readonly names: HandlerNames,
  ) {
    this.defaultDemand = DEMANDS[config.defaultAccess];
    this.configured = {
      issuance: config.publicTokenIssuance ? NONE : MASTER,
      introspection: DEMANDS[config.introspectionAccess],
    };
  }

  /** What was asked before may have been decorated since. */
  onApplicationBootstrap(): void {
    this.handlers = new WeakMap();
  }

  /** Whether there is any path rule at all. */
  get hasPathRules(): boolean {
    return !this.rules.isEmpty;
  }

  /** Whether rules that cover endpoints of ours do not mean all of them. */
  get sparesEndpoints(): boolean {
    return this.rules.sparesEndpoints;
  }

  /** What the handler of this call needs by its decorators, or by default. */
  demandOfCall(context: ExecutionContext): Demand {
    return this.handlerOf(context).demand;
  }

  /** Whether a decorator says something about the handler of this call. */
  isDeclared(context: ExecutionContext): boolean {
    return this.handlerOf(context).isDeclared;
  }

  /** Whether a decorator says that the handler of this call is open; not so where it is open for want of any. */
  isMarkedPublic(context: ExecutionContext): boolean {
    return this.handlerOf(context).isMarkedPublic;
  }

  /** What a method needs by decorators, or by default. */
  demandOfMethod(controller: Type<unknown>, method: string | symbol): Demand {
    return declaredDemand(controller, method, this.configured) ?? this.defaultDemand;
  }

  /** Whether a decorator says that a method is open; not so where it is open for want of any. */
  isMethodMarkedPublic(controller: Type<unknown>, method: string | symbol): boolean {
    return declaredDemand(controller, method, this.configured) === NONE;
  }

  /** What a class needs by its own decorators, or by default. */
  demandOfClass(controller: Type<unknown>): Demand {
    return declaredDemandOfClass(controller, this.configured) ?? this.defaultDemand;
  }

  /**
   * What the path rules ask for a route whose pattern, as the router has it, is this.
   * @param method of a request that an endpoint of ours may answer: there only rules count that name it
   */
  demandOfPattern(pattern: string, method?: string): Demand {
    return this.rules.demandForPattern(pattern, method);
  }

  /**
   * What the path rules ask for a request target, however it is spelt.
   * @param method as for {@link demandOfPattern}
   */
  demandOfTarget(target: string, method?: string): Demand {
    return this.rules.demandForTarget(target, method);
  }

  /** What the path rules ask for a request, once it is known which handler answers it. */
  demandOfRequest(handler: object, pattern: string | undefined, target: string, method?: string): Demand {
    const ownMethod = this.rules.isOwnHandler(handler) ? method : undefined;
    const ofPattern = pattern === undefined ? NONE : this.demandOfPattern(pattern, ownMethod);
    return ofPattern | this.demandOfTarget(target, ownMethod);
  }

  /** What a route needs whatever URL it is reached by, as documents and logs tell it. */
  demandOfRoute(controller: Type<unknown>, method: string, patterns: readonly string[]): Demand {
    const isEndpoint = this.isEndpoint(controller, method);
    return patterns.reduce<Demand>(
      (demand, pattern) =>
        demand | (isEndpoint ? this.rules.demandForEndpoint(pattern) : this.demandOfPattern(pattern)),
      this.demandOfMethod(controller, method),
    );
  }

  /**
   * What makes a route guarded, for people: `decorator`, `default-access`, `path rule "/admin"`.
   * @param method undefined: of the class itself, as for a gateway's handshake
   */
  originsOfDemand(
    controller: Type<unknown>,
    method: string | undefined,
    patterns: readonly string[],
  ): readonly string[] {
    const declared =
      method === undefined
        ? declaredDemandOfClass(controller, this.configured)
        : declaredDemand(controller, method, this.configured);
    const replaced = method === undefined ? undefined : replacedDemand(controller, method, this.configured);
    const isEndpoint = method !== undefined && this.isEndpoint(controller, method);
    const rules = patterns.flatMap((pattern) => this.rules.rulesForPattern(pattern, isEndpoint));
    return [
      ...(declared || replaced
        ? [replaced ? `decorator, in place of ${inWords(replaced)}` : 'decorator']
        : []),
      ...(declared === undefined && this.defaultDemand !== NONE ? ['default-access'] : []),
      ...[...new Set(rules)].map(({ text }) => `path rule ${JSON.stringify(text)}`),
    ];
  }

  /** Whether a method serves an endpoint of ours. */
  isEndpoint(controller: Type<unknown>, method: string): boolean {
    return this.rules.isOwnHandler(Reflect.get(controller.prototype as object, method));
  }

  private handlerOf(context: ExecutionContext): HandlerDemand {
    return this.handlers.get(context.getClass())?.get(context.getHandler()) ?? this.find(context);
  }

  private find(context: ExecutionContext): HandlerDemand {
    const controller = context.getClass() as Type<unknown> | undefined;
    if (typeof controller !== 'function') return UNKNOWN;
    const names = this.names.find(context);
    if (!names) return this.ofWholeClass(controller, context.getHandler());
    const found = this.ofMethods(controller, names, context.getHandler());
    let ofClass = this.handlers.get(controller);
    if (!ofClass) this.handlers.set(controller, (ofClass = new WeakMap()));
    ofClass.set(context.getHandler(), found);
    return found;
  }

  private ofMethods(
    controller: Type<unknown>,
    names: readonly (string | symbol)[],
    handler: object,
  ): HandlerDemand {
    const declared = names.map((name) => declaredDemand(controller, name, this.configured, handler));
    return {
      demand: declared.reduce<Demand>((sum, each) => sum | (each ?? this.defaultDemand), NONE),
      isDeclared: declared.some((each) => each !== undefined),
      isMarkedPublic: declared.every((each) => each === NONE),
    };
  }

  /** For a handler that is none of its class's methods: all that any of them needs. */
  private ofWholeClass(controller: Type<unknown>, handler: object): HandlerDemand {
    const { demand, isDeclared } = this.ofMethods(controller, methodNamesOf(controller), handler);
    if (isDeclared && !this.unnamed.has(controller)) {
      this.unnamed.add(controller);
      new Logger('Fastauth').warn(
        `A handler of ${controller.name} cannot be told to be one of its methods, so it needs all that any of them needs. ` +
          'Replace the method before the application is initialized, or on the prototype of the class.',
      );
    }
    return { demand: demand | this.demandOfClass(controller), isDeclared, isMarkedPublic: false };
  }
}

function inWords({ demand, owner }: Replaced): string {
  return `${describeDemand(demand)} on ${owner}`;
}
