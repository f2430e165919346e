import { Server as HttpServer } from 'node:http';
import { Server as NetServer } from 'node:net';
import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { FASTAUTH_CONFIG, type FastauthConfig } from '../config/fastauth-config.js';
import { SafeLogger } from '../events/safe-logger.js';
import { ServerConnections } from './server-connections.js';

const LOOK_EVERY_MS = 50;
/** How much of `shutdown-timeout` answers under way have; the rest is for what closes after them, such as the store. */
const SHARE_OF_ANSWERS = 0.9;

/** What of a Fastify instance is used here; Fastify itself is not imported. */
interface FastifyLike {
  addHook(name: 'onListen', hook: (done: () => void) => void): void;
}

/**
 * Lets an application that closes go, whatever its clients do: answers under way are given, connections without a
 * request are closed, and what is left when the time of `shutdown-timeout` is over is cut.
 */
@Injectable()
export class OpenConnections implements OnModuleInit, BeforeApplicationShutdown, OnApplicationShutdown {
  readonly #host: HttpAdapterHost;
  private readonly logger = new SafeLogger();
  readonly #servers = new Map<object, ServerConnections>();
  private closesBy: number | undefined;
  private looking: NodeJS.Timeout | undefined;

  constructor(
    host: HttpAdapterHost,
    @Inject(FASTAUTH_CONFIG) private readonly config: Pick<FastauthConfig, 'shutdownTimeout'>,
  ) {
    this.#host = host;
  }

  onModuleInit(): void {
    // There is no adapter in an application context.
    const { httpAdapter } = this.#host;
    if (!httpAdapter) return;
    this.follow(httpAdapter.getHttpServer());
    if (httpAdapter.getType() !== 'fastify') return;
    const fastify = httpAdapter.getInstance<FastifyLike>();
    const followAll = (done: () => void): void => {
      for (const server of furtherServers(fastify)) this.follow(server);
      done();
    };
    // An instance that listens already takes no hooks.
    this.logger.contain('Following the servers of Fastify', () => fastify.addHook('onListen', followAll));
  }

  /** Has the connections of another server of the application's closed as well; others than Node's are left alone. */
  follow(server: unknown): void {
    if (server instanceof NetServer && !this.#servers.has(server)) {
      this.#servers.set(server, new ServerConnections(server as HttpServer));
    }
  }

  beforeApplicationShutdown(): void {
    this.closesBy = performance.now() + this.config.shutdownTimeout * 1000 * SHARE_OF_ANSWERS;
    for (const connections of this.#servers.values()) connections.close();
    this.looking = setInterval(() => this.look(), LOOK_EVERY_MS).unref();
  }

  /** Of servers that the adapter does not wait for, such as Fastify's second one on `localhost`. */
  async onApplicationShutdown(): Promise<void> {
    while (this.looking !== undefined && this.closesBy !== undefined && this.count > 0) {
      if (performance.now() > this.closesBy + LOOK_EVERY_MS) break;
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
    clearInterval(this.looking);
    this.looking = undefined;
  }

  private get count(): number {
    return [...this.#servers.values()].reduce((sum, { size }) => sum + size, 0);
  }

  private look(): void {
    const isOver = this.closesBy !== undefined && performance.now() >= this.closesBy;
    for (const connections of this.#servers.values()) {
      this.logger.contain('Closing connections', () => (isOver ? connections.cut() : connections.cutIdle()));
    }
  }
}

/** Where it listens on `localhost`, Fastify makes a server for each address behind the first. */
function furtherServers(fastify: object): readonly unknown[] {
  const symbol = Object.getOwnPropertySymbols(fastify).find(
    ({ description }) => description === 'fastify.serverBindings',
  );
  const servers: unknown = symbol && Reflect.get(fastify, symbol);
  return Array.isArray(servers) ? servers : [];
}
