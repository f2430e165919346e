import type { AbstractHttpAdapter } from '@nestjs/core';
import type { AccessPolicy } from '../../access/access-policy.js';
import { NONE } from '../../access/requirement.js';
import { denialBody } from '../../access/denial.js';
import { exposingChallenge } from '../../access/exposed-challenge.js';
import { headerOf } from '../../access/framework-response.js';
import { type Proofs, rawRequest } from '../../access/request-access.js';
import type { AccessEdge } from './access.edge.js';
import { type EdgeHost, type Middleware, servingName } from './edge-host.js';
import { FastifyCors } from './fastify-cors.js';
import {
  contextsBelow,
  type FastifyLike,
  isHookOfNest,
  type RequestHook,
  requestHooksOf,
} from './fastify-instance.js';
import { sendDenial } from './send-denial.js';

/** The edge as a request hook of Fastify, and as middleware before that of the application. */
export class FastifyEdge implements EdgeHost {
  private readonly instance: FastifyLike;
  private readonly listeners: readonly unknown[];
  private readonly cors: FastifyCors;
  private isMoved = false;
  /** Whether contexts are made with the moved hook from now on. */
  private isMovedHookThere = false;
  /** Contexts that were made without the moved hook. */
  private readonly early = new WeakSet<FastifyLike>();
  private earlyCount = 0;
  private readonly strangers: string[] = [];
  private readonly standing: string[] = [];

  constructor(
    private readonly adapter: AbstractHttpAdapter,
    private readonly edge: AccessEdge,
    private readonly policy: AccessPolicy,
    private readonly proofs: Proofs,
  ) {
    this.instance = adapter.getInstance<FastifyLike>();
    this.listeners = this.instance.server.listeners('request').slice(0, 1);
    this.cors = new FastifyCors(adapter, this.instance);
  }

  install(): void {
    const { instance } = this;
    this.installMiddleware();
    this.cors.install(this.firstHook);
    // An instance that was handed to Nest may have hooks, which run first, and contexts, which inherit no hook any more.
    this.holdBeforeStrangers(instance);
    instance.addHook('onRequest', this.firstHook);
    for (const context of contextsBelow(instance)) {
      this.noteEarly(context);
      this.holdBeforeStrangers(context);
      if (!requestHooksOf(context)?.includes(this.firstHook)) context.addHook('onRequest', this.firstHook);
    }
    instance.addHook('onRegister', (context) => {
      if (!this.isMovedHookThere || this.isBelowEarly(context)) this.noteEarly(context);
    });
  }

  move(): void {
    this.isMoved = true;
    // Middleware runs before the hooks of plugins, and so does middleware that is given later: that must wait.
    if (this.instance.use) this.adapter.use(this.fence);
    const plugin = (instance: FastifyLike): Promise<void> => {
      const hooks = requestHooksOf(instance) ?? [];
      this.standing.push(...namesOf(hooks.filter((hook) => !this.isOwn(hook))));
      instance.addHook('onRequest', this.movedHook);
      this.isMovedHookThere = true;
      return Promise.resolve();
    };
    this.instance.register(
      Object.assign(plugin, {
        [Symbol.for('skip-override')]: true,
        [Symbol.for('fastify.display-name')]: 'fastauth-edge',
      }),
    );
  }

  isFramework(listener: unknown): boolean {
    return this.listeners.includes(listener);
  }

  before(): readonly string[] {
    return this.isMoved ? this.standing : [];
  }

  remarks(): readonly string[] {
    const remarks: string[] = [];
    if (!requestHooksOf(this.instance)) {
      remarks.push(
        'This version of Fastify does not show its hooks. What hooks and contexts answer that it had before it was given to Nest is not guarded by path rules or default-access: register them afterwards.',
      );
    }
    if (this.strangers.length > 0) {
      remarks.push(
        `Fastify had request hooks before it was given to Nest: ${this.strangers.join(', ')}. ` +
          'What they answer needs what path rules and default-access ask for its path.',
      );
    }
    if (this.isMoved && this.earlyCount > 0) {
      remarks.push(
        `${this.earlyCount} contexts of Fastify were registered before useFastauthEdge() was called. ` +
          'Their routes are guarded before any hook or plugin that was to come first.',
      );
    }
    return remarks;
  }

  /** Where middleware is on already, it runs in a hook before this one: then the first of it has to be the edge too. */
  private installMiddleware(): void {
    const { instance, adapter } = this;
    const use = instance.use?.bind(instance);
    if (!use) return;
    instance.use = (...args: unknown[]) => {
      instance.use = use;
      use(this.firstMiddleware);
      return use(...args);
    };
    const useOfAdapter = adapter.use.bind(adapter);
    adapter.use = (...args: Parameters<typeof useOfAdapter>) => {
      const given = args.filter((argument) => typeof argument === 'function') as { name: string }[];
      if (!this.isMoved) this.standing.push(...given.flatMap((each) => servingName(each) ?? []));
      return useOfAdapter(...args);
    };
  }

  private holdBeforeStrangers(context: FastifyLike): void {
    const hooks = requestHooksOf(context);
    const strangers = hooks?.filter((hook) => !isHookOfNest(hook) && !this.isOwn(hook)) ?? [];
    if (!hooks || strangers.length === 0) return;
    hooks.unshift(this.holdingHook);
    const known = new Set(this.strangers);
    this.strangers.push(...namesOf(strangers).filter((name) => !known.has(name)));
  }

  private isOwn(hook: RequestHook): boolean {
    return hook === this.firstHook || hook === this.holdingHook || this.cors.has(hook) || isHookOfNest(hook);
  }

  private noteEarly(context: FastifyLike): void {
    this.early.add(context);
    this.earlyCount++;
  }

  /** A context inherits from the one that it was made in. */
  private isBelowEarly(context: FastifyLike): boolean {
    for (let above: unknown = context; above; above = Object.getPrototypeOf(above)) {
      if (this.early.has(above as FastifyLike)) return true;
    }
    return false;
  }

  private readonly firstMiddleware: Middleware = (request, response, next) => {
    if (this.isMoved) {
      this.edge.heldAnswer(response)?.release();
      return next();
    }
    const raw = rawRequest(request);
    this.edge.enter(raw, response, this.edge.requirementOf(raw), next, (denial) =>
      sendDenial(response, denial, this.edge.headersOf(denial, raw, response)),
    );
  };

  private readonly fence: Middleware = (request, response, next) => {
    this.edge.holdUntilEntered(rawRequest(request), response);
    next();
  };

  private readonly holdingHook: RequestHook = (request, reply, done) => {
    this.edge.holdUntilEntered(request.raw, reply.raw);
    done();
  };

  private readonly firstHook: RequestHook = (request, reply, done) => {
    if (!this.isMoved || this.early.has(request.server)) return this.enter(request, reply, done);
    if (!this.instance.use) this.edge.heldAnswer(reply.raw)?.release();
    done();
  };

  private readonly movedHook: RequestHook = (request, reply, done) => this.enter(request, reply, done);

  private readonly enter: RequestHook = (request, reply, done) => {
    const pattern = request.routeOptions.url;
    const requirement = this.edge
      .requirementOf(request.raw)
      .and(
        pattern === undefined ? NONE : this.policy.requirementOfPattern(pattern, request.raw.method, true),
      );
    // The router has decided before this, so there is nothing for the guard to add.
    this.proofs.writePathRequirement(request.raw, requirement);
    this.edge.enter(request.raw, reply.raw, requirement, done, (denial) => {
      const own = this.edge.headersOf(denial, request.raw, reply.raw);
      const headers = exposingChallenge(own, (name) => headerOf(reply, name));
      reply.code(denial.status).headers(headers).send(denialBody(denial));
    });
  };
}

function namesOf(hooks: readonly RequestHook[]): string[] {
  return hooks.flatMap((hook) => servingName(hook) ?? []);
}
