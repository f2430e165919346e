import {
  HttpException,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleInit,
} from '@nestjs/common';
import { type AbstractHttpAdapter, HttpAdapterHost } from '@nestjs/core';
import { AccessPolicy } from '../../access/access-policy.js';
import { Gate } from '../../access/gate.js';
import { PublicPaths } from '../../access/paths/public-paths.js';
import { type AnyResponse, rawResponse } from '../../access/request-access.js';
import { ConfigError } from '../../errors.js';
import { isOfOtherHost } from '../../nest.js';
import { AccessEdge } from './access.edge.js';
import type { EdgeHost } from './edge-host.js';
import { ExpressEdge } from './express.edge.js';
import { FastifyEdge } from './fastify.edge.js';

type ErrorHandler = (error: unknown, request: unknown, response: AnyResponse, next: unknown) => unknown;
type SetErrorHandler = (handler: ErrorHandler, prefix?: string) => unknown;

/**
 * Where the edge stands in the application: in front of any other route or middleware, from the moment that this is
 * constructed, or where `useFastauthEdge()` puts it.
 */
@Injectable()
export class EdgePlace implements OnModuleInit, OnApplicationBootstrap {
  readonly #adapterHost: HttpAdapterHost;
  private readonly logger = new Logger('Fastauth');
  #host: EdgeHost | undefined;
  private fault: ConfigError | undefined;
  private state: 'first' | 'moved' | 'fixed' = 'first';

  constructor(
    private readonly edge: AccessEdge,
    private readonly policy: AccessPolicy,
    private readonly gate: Gate,
    private readonly publicPaths: PublicPaths,
    adapterHost: HttpAdapterHost,
  ) {
    this.#adapterHost = adapterHost;
    if (!edge.isNeeded) return;
    // A testing module is compiled before its application, and so its adapter, exists.
    if (adapterHost.httpAdapter) this.install(adapterHost.httpAdapter);
    else adapterHost.init$.subscribe(() => this.installWhereThereIsHttp());
    if (this.fault) throw this.fault;
  }

  /** Whether this listener of the server is the framework itself. */
  isFramework(listener: unknown): boolean {
    return this.#host?.isFramework(listener) === true;
  }

  /** Names of what answers before the edge. */
  before(): readonly string[] {
    return [...new Set(this.#host?.before() ?? [])];
  }

  /**
   * Does nothing in Nest's preview mode, which constructs no provider and serves nothing.
   * @throws ConfigError the edge cannot be put there
   */
  move(): void {
    if (!Object.hasOwn(this, 'state')) return;
    if (this.state !== 'first') {
      throw new ConfigError([
        this.state === 'moved'
          ? 'useFastauthEdge() was called twice, but the edge stands in one place. Leave one call out.'
          : 'useFastauthEdge() was called after the application was initialized, when its routes are there already. Call it before app.init() and app.listen().',
      ]);
    }
    this.state = 'moved';
    this.#host?.move();
  }

  /** @throws ConfigError nobody knows how to guard an application of this kind */
  onModuleInit(): void {
    if (this.fault) throw this.fault;
    if (this.state === 'first') this.state = 'fixed';
  }

  onApplicationBootstrap(): void {
    this.reportPublicPaths();
    // Plugins of Fastify are loaded when it gets ready, which is after this; what stands before is known then.
    const adapter = this.#adapterHost.httpAdapter as AbstractHttpAdapter | null;
    const instance: unknown = adapter?.getInstance();
    const addHook: unknown =
      typeof instance === 'object' && instance !== null && Reflect.get(instance, 'addHook');
    if (typeof addHook !== 'function') return this.report();
    addHook.call(instance, 'onReady', (done: () => void) => {
      this.report();
      done();
    });
  }

  private reportPublicPaths(): void {
    for (const path of this.publicPaths.texts.map((text) => JSON.stringify(text))) {
      if (this.policy.defaultRequirement.isOpen) {
        this.logger.warn(
          `Public path ${path} has no effect: default-access is "public", and a path rule holds all the same.`,
        );
      } else {
        this.logger.log(`${path}: public where no handler serves it (public-paths)`);
      }
    }
  }

  private report(): void {
    const { logger } = this;
    const host = this.#host;
    if (!host) return;
    for (const remark of host.remarks()) logger.warn(remark);
    const before = this.before();
    if (before.length > 0) {
      logger.warn(
        `Before the edge, which useFastauthEdge() has put where it stands: ${before.join(', ')}. ` +
          'What they answer is not guarded by path rules or default-access. Call useFastauthEdge() before what serves content.',
      );
    }
  }

  /** Applications without HTTP (standalone ones, microservices) say that they are ready, too. */
  private installWhereThereIsHttp(): void {
    const adapter = this.#adapterHost.httpAdapter as AbstractHttpAdapter | null;
    if (adapter) this.install(adapter);
  }

  private install(adapter: AbstractHttpAdapter): void {
    const type = adapter.getType();
    if (type === 'express') this.#host = new ExpressEdge(adapter, this.edge);
    else if (type === 'fastify')
      this.#host = new FastifyEdge(adapter, this.edge, this.policy, this.gate.proofs);
    else {
      this.fault = new ConfigError([
        `path rules and default-access cannot be held on the HTTP adapter "${type}": fastauth knows how to stand before all else on Express and Fastify only. ` +
          'Use one of these, or leave master-token-paths, access-token-paths and default-access out and guard by decorators.',
      ]);
      return;
    }
    this.#host.install();
    this.letNestRefuse(adapter);
  }

  /**
   * Before a handler is reached, body parsers and other middleware may refuse what was let pass for its sake: those
   * errors are told in the application's words. Not so those that say that no handler has taken the request.
   */
  private letNestRefuse(adapter: AbstractHttpAdapter): void {
    const setErrorHandler = adapter.setErrorHandler?.bind(adapter) as SetErrorHandler | undefined;
    if (!setErrorHandler) return;
    adapter.setErrorHandler = (handler: ErrorHandler, prefix?: string) =>
      // Express tells error handlers by their four parameters.
      setErrorHandler((error, request, response, next) => {
        if (statusOf(error) !== 404 && !isOfOtherHost(error))
          this.edge.heldAnswer(rawResponse(response))?.release();
        return handler(error, request, response, next);
      }, prefix);
  }
}

/** The status that an error of Nest's, of Fastify's or of middleware asks for. */
function statusOf(error: unknown): unknown {
  if (error instanceof HttpException) return error.getStatus();
  if (typeof error !== 'object' || error === null) return undefined;
  return Reflect.get(error, 'statusCode') ?? Reflect.get(error, 'status');
}
