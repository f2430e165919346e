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
  type ConfiguredEndpoint,
  type ConfiguredRequirements,
  declaredRequirement,
  declaredRequirementOfClass,
  type Replaced,
  replacedRequirement,
} from './declared-requirement.js';
import { ACCESS, BOTH, MASTER, NONE, Requirement } from './requirement.js';
import { HandlerNames, methodNamesOf } from './handler-names.js';
import { describeRule } from './paths/compiled-rules.js';
import { PathRules } from './paths/path-rules.js';

const DEMANDS = { public: NONE, access: ACCESS, master: MASTER } as const;

/** What a handler needs by its decorators and by default; path rules come on top. */
interface HandlerRequirement {
  readonly requirement: Requirement;
  /** Whether a decorator says something about it. */
  readonly isDeclared: boolean;
  /** Whether a decorator says that it is open; not so where it is open for want of any. */
  readonly isMarkedPublic: boolean;
}

/** What of a route says what it needs. */
export interface PolicedRoute {
  readonly controller: Type<unknown>;
  readonly handlerName: string;
  /** Of HTTP, or `ALL`. */
  readonly method: string;
  readonly patterns: readonly string[];
}

/** Of a call that belongs to no class, of which nobody could say that it is open. */
const UNKNOWN: HandlerRequirement = { requirement: BOTH, isDeclared: true, isMarkedPublic: false };

/** What asks for more once a setting is taken back. */
const OPENING_SETTINGS: Readonly<Record<string, Partial<ConfiguredRequirements>>> = {
  'public-token-issuance': { issuance: BOTH },
  'introspection-access': { introspection: BOTH },
};

/** Decides what a route needs: decorators, path rules and `default-access` together, the stricter wins. */
@Injectable()
export class AccessPolicy implements OnApplicationBootstrap {
  readonly defaultRequirement: Requirement;
  /** As documents and logs tell it. */
  private readonly configured: ConfiguredRequirements;
  /** As guards ask it, which know no clients: what takes those, too, asks by itself. */
  private readonly guarded: ConfiguredRequirements;
  /** By class and function, both weakly: some applications make functions for each request. */
  private handlers = new WeakMap<object, WeakMap<object, HandlerRequirement>>();
  private readonly unnamed = new WeakSet<object>();

  /** @internal */
  constructor(
    @Inject(FASTAUTH_CONFIG) config: FastauthConfig,
    private readonly rules: PathRules,
    private readonly names: HandlerNames,
  ) {
    this.defaultRequirement = DEMANDS[config.defaultAccess];
    this.configured = {
      issuance: config.publicTokenIssuance ? NONE : MASTER,
      introspection: DEMANDS[config.introspectionAccess],
    };
    this.guarded = config.tokenEndpoint ? { ...this.configured, introspection: NONE } : this.configured;
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
  requirementOfCall(context: ExecutionContext): Requirement {
    return this.handlerOf(context).requirement;
  }

  /** Whether a decorator says something about the handler of this call. */
  isDeclared(context: ExecutionContext): boolean {
    return this.handlerOf(context).isDeclared;
  }

  /** Whether a decorator says that the handler of this call is open; not so where it is open for want of any. */
  isMarkedPublic(context: ExecutionContext): boolean {
    return this.handlerOf(context).isMarkedPublic;
  }

  /** What guards ask for a method, by decorators or by default. */
  requirementOfMethod(controller: Type<unknown>, method: string | symbol): Requirement {
    return declaredRequirement(controller, method, this.guarded) ?? this.defaultRequirement;
  }

  /** @internal What is asked at an endpoint of ours by the configuration, of those who are no client. */
  requirementOfEndpoint(endpoint: ConfiguredEndpoint): Requirement {
    return this.configured[endpoint];
  }

  /** Whether a decorator says that a method is open; not so where it is open for want of any. */
  isMethodMarkedPublic(controller: Type<unknown>, method: string | symbol): boolean {
    return declaredRequirement(controller, method, this.configured)?.isOpen === true;
  }

  /** Whether a decorator says that a method lets everybody in, `@OptionalAccess()` included. */
  saysOpen(controller: Type<unknown>, method: string | symbol): boolean {
    return isForAll(declaredRequirement(controller, method, this.configured));
  }

  /** The setting that opens an endpoint of ours which is closed without it; undefined: none does. */
  openingSetting(controller: Type<unknown>, method: string | symbol): string | undefined {
    if (!this.saysOpen(controller, method)) return undefined;
    return Object.entries(OPENING_SETTINGS).find(
      ([, others]) => !isForAll(declaredRequirement(controller, method, { ...this.configured, ...others })),
    )?.[0];
  }

  /** As {@link saysOpen}, of a class. */
  classSaysOpen(controller: Type<unknown>): boolean {
    return isForAll(declaredRequirementOfClass(controller, this.configured));
  }

  /** Whether a decorator says something about a method, or about its class. */
  isMethodDeclared(controller: Type<unknown>, method: string | symbol): boolean {
    return declaredRequirement(controller, method, this.configured) !== undefined;
  }

  /** What a class needs by its own decorators, or by default. */
  requirementOfClass(controller: Type<unknown>): Requirement {
    return declaredRequirementOfClass(controller, this.configured) ?? this.defaultRequirement;
  }

  /**
   * What the path rules ask for a route whose pattern, as the router has it, is this.
   * @param method undefined: what they ask for one or another method
   * @param mayBeOwn whether an endpoint of ours may be what answers: there only rules count that name it
   */
  requirementOfPattern(pattern: string, method?: string, mayBeOwn?: boolean): Requirement {
    return this.rules.requirementForPattern(pattern, method, mayBeOwn);
  }

  /**
   * What the path rules ask for a request target, however it is spelt.
   * @param method as for {@link requirementOfPattern}, as is the last
   */
  requirementOfTarget(target: string, method?: string, mayBeOwn?: boolean): Requirement {
    return this.rules.requirementForTarget(target, method, mayBeOwn);
  }

  /** What the path rules ask for a request, once it is known which handler answers it. */
  requirementOfRequest(
    handler: object,
    pattern: string | undefined,
    target: string,
    method?: string,
  ): Requirement {
    const isOwn = this.rules.isOwnHandler(handler);
    const ofPattern = pattern === undefined ? NONE : this.requirementOfPattern(pattern, method, isOwn);
    return ofPattern.and(this.requirementOfTarget(target, method, isOwn));
  }

  /** What a route needs whatever URL it is reached by, as documents and logs tell it. */
  requirementOfRoute({ controller, handlerName, method, patterns }: PolicedRoute): Requirement {
    const isEndpoint = this.isEndpoint(controller, handlerName);
    const httpMethod = method === 'ALL' ? undefined : method;
    return Requirement.all([
      declaredRequirement(controller, handlerName, this.configured) ?? this.defaultRequirement,
      ...patterns.map((pattern) =>
        isEndpoint
          ? this.rules.requirementForEndpoint(pattern, httpMethod)
          : this.requirementOfPattern(pattern, httpMethod),
      ),
    ]);
  }

  /**
   * What makes a route guarded, for people: `decorator`, `default-access`, `path rule "/admin"`. Without a handler, of
   * the class itself, as for a gateway's handshake.
   */
  originsOfRequirement({
    controller,
    handlerName,
    method,
    patterns,
  }: Omit<PolicedRoute, 'handlerName'> & { readonly handlerName?: string }): readonly string[] {
    const declared =
      handlerName === undefined
        ? declaredRequirementOfClass(controller, this.configured)
        : declaredRequirement(controller, handlerName, this.configured);
    const replaced =
      handlerName === undefined ? undefined : replacedRequirement(controller, handlerName, this.configured);
    const isEndpoint = handlerName !== undefined && this.isEndpoint(controller, handlerName);
    const httpMethod = method === 'ALL' ? undefined : method;
    const rules = patterns.flatMap((pattern) => this.originsOfPath(pattern, httpMethod, isEndpoint));
    return [
      ...(declared?.isOpen === false || replaced
        ? [replaced ? `decorator, in place of ${inWords(replaced)}` : 'decorator']
        : []),
      ...(declared === undefined && !this.defaultRequirement.isOpen ? ['default-access'] : []),
      ...new Set(rules),
    ];
  }

  /** The path rules that hold for a pattern, for people: `path rule "/admin"`. */
  originsOfPath(pattern: string, method: string | undefined, isEndpoint = false): readonly string[] {
    const rules = this.rules.rulesForPattern(pattern, method, isEndpoint);
    return [...new Set(rules)].map((rule) => `path rule ${describeRule(rule)}`);
  }

  /** Whether a method serves an endpoint of ours. */
  isEndpoint(controller: Type<unknown>, method: string): boolean {
    return this.rules.isOwnHandler(Reflect.get(controller.prototype as object, method));
  }

  /** Whether this call is one of an endpoint of ours. */
  isEndpointCall(context: ExecutionContext): boolean {
    const names = this.names.find(context);
    const controller = context.getClass() as Type<unknown>;
    return names?.some((name) => typeof name === 'string' && this.isEndpoint(controller, name)) === true;
  }

  private handlerOf(context: ExecutionContext): HandlerRequirement {
    return this.handlers.get(context.getClass())?.get(context.getHandler()) ?? this.find(context);
  }

  private find(context: ExecutionContext): HandlerRequirement {
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
  ): HandlerRequirement {
    const declared = names.map((name) => declaredRequirement(controller, name, this.guarded, handler));
    return {
      requirement: Requirement.all(declared.map((each) => each ?? this.defaultRequirement)),
      isDeclared: declared.some((each) => each !== undefined),
      isMarkedPublic: declared.every((each) => each?.isOpen),
    };
  }

  /** For a handler that is none of its class's methods: all that any of them needs. */
  private ofWholeClass(controller: Type<unknown>, handler: object): HandlerRequirement {
    const { requirement, isDeclared } = this.ofMethods(controller, methodNamesOf(controller), handler);
    if (isDeclared && !this.unnamed.has(controller)) {
      this.unnamed.add(controller);
      new Logger('Fastauth').warn(
        `A handler of ${controller.name} cannot be told to be one of its methods, so it needs all that any of them needs. ` +
          'Replace the method before the application is initialized, or on the prototype of the class.',
      );
    }
    return {
      requirement: requirement.and(this.requirementOfClass(controller)),
      isDeclared,
      isMarkedPublic: false,
    };
  }
}

function isForAll(requirement: Requirement | undefined): boolean {
  return requirement?.alternatives.some(({ credentials }) => credentials === 0) === true;
}

function inWords({ requirement, owner }: Replaced): string {
  return `${requirement.describe()} on ${owner}`;
}
