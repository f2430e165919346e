import { Inject, Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { RateLimiterMemory, RateLimiterRedis, type RateLimiterAbstract } from 'rate-limiter-flexible';
import { FASTAUTH_CONFIG, type FastauthConfig } from '../config/fastauth-config.js';
import { FastauthEvents } from '../telemetry/fastauth-events.js';
import { Clock } from '../tokens/clock.js';
import { ClientAddress, networkOf } from './client-address.js';
import type { CredentialSource } from './credentials.js';

/** Failed attempts are counted over this many seconds, and what went over the limit waits for their end. */
const WINDOW_SECONDS = 60;
const REMEMBERED_BLOCKS = 100_000;

interface Limit {
  readonly name: 'address' | 'client';
  readonly attempts: number;
  limiter?: RateLimiterAbstract;
}

/**
 * Counts failed attempts by address, and by client from one address, and says who has to wait. Counting happens
 * after an answer is known and is not waited for; asking costs nothing while nobody has to wait.
 */
@Injectable()
export class AttemptLimiter implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger('Fastauth');
  private readonly addresses: ClientAddress;
  private readonly perAddress: Limit;
  private readonly perClient: Limit;
  /** Until when, in milliseconds since the epoch. */
  private readonly blocked = new LRUCache<string, number>({ max: REMEMBERED_BLOCKS });
  private disconnect: (() => void) | undefined;

  constructor(
    @Inject(FASTAUTH_CONFIG) private readonly config: FastauthConfig,
    private readonly clock: Clock,
    private readonly events: FastauthEvents,
  ) {
    this.addresses = new ClientAddress(config.trustedProxies);
    this.perAddress = { name: 'address', attempts: config.failedAttemptsPerAddress };
    this.perClient = { name: 'client', attempts: config.failedAttemptsPerClient };
    for (const limit of [this.perAddress, this.perClient]) limit.limiter = memoryLimiter(limit);
  }

  async onModuleInit(): Promise<void> {
    const url = this.config.failedAttemptsStore;
    if (url === 'memory:' || (this.perAddress.attempts === 0 && this.perClient.attempts === 0)) return;
    const { Redis } = await import('ioredis');
    const client = new Redis(url, { enableOfflineQueue: false, maxRetriesPerRequest: 1, lazyConnect: true });
    let wasReady = true;
    client.on('error', () => {
      if (wasReady) this.logger.warn('Redis for failed attempts is not available; counting in this process.');
      wasReady = false;
    });
    client.on('ready', () => (wasReady = true));
    this.disconnect = () => client.disconnect();
    for (const limit of [this.perAddress, this.perClient]) {
      limit.limiter = new RateLimiterRedis({
        ...limiterOptions(limit),
        storeClient: client,
        keyPrefix: `${this.config.appName}:attempts:${limit.name}`,
        insuranceLimiter: memoryLimiter(limit),
      });
    }
    await client.connect().catch(() => undefined);
  }

  onApplicationShutdown(): void {
    this.disconnect?.();
  }

  /** Whether nobody has to wait. */
  get isIdle(): boolean {
    return this.blocked.size === 0;
  }

  /** The address that a request counts for. */
  addressOf(source: CredentialSource): string | undefined {
    return this.addresses.of(source);
  }

  /**
   * How many seconds the sender of this has to wait, or undefined if it may go on.
   * @param clientId whose token it is, if that is known
   */
  waitOf(source: CredentialSource, clientId?: string): number | undefined {
    if (this.isIdle) return undefined;
    const network = this.networkOf(source);
    // Who holds a token that was good once is judged by its own failures, not by its neighbours'.
    return this.remaining(clientId === undefined ? network : clientKey(network, clientId));
  }

  /** Counts a failed attempt. @param clientId whose token it is, if that is known for certain */
  failed(source: CredentialSource, clientId?: string): void {
    const network = this.networkOf(source);
    if (clientId === undefined) void this.count(this.perAddress, network, source);
    else void this.count(this.perClient, clientKey(network, clientId), source);
  }

  private networkOf(source: CredentialSource): string {
    const address = this.addresses.of(source);
    return address === undefined ? 'unknown' : networkOf(address);
  }

  private async count(limit: Limit, key: string, source: CredentialSource): Promise<void> {
    if (limit.attempts === 0 || this.remaining(key) !== undefined) return;
    try {
      await limit.limiter?.consume(key);
    } catch (rejection) {
      // Not an error but a result: who goes over the limit is rejected with the time until the window's end.
      const { msBeforeNext } = rejection as { msBeforeNext?: number };
      if (typeof msBeforeNext !== 'number') return;
      if (this.remaining(key) !== undefined) return;
      this.blocked.set(key, this.clock.now() + msBeforeNext);
      this.events.emit({
        type: 'access.limited',
        by: limit.name,
        address: this.addresses.of(source),
        seconds: Math.ceil(msBeforeNext / 1000),
      });
    }
  }

  private remaining(key: string): number | undefined {
    const until = this.blocked.get(key);
    if (until === undefined) return undefined;
    const left = until - this.clock.now();
    if (left > 0) return Math.ceil(left / 1000);
    this.blocked.delete(key);
    return undefined;
  }
}

function clientKey(network: string, clientId: string): string {
  return `${network} ${clientId}`;
}

function limiterOptions({ attempts }: Limit) {
  return { points: attempts, duration: WINDOW_SECONDS };
}

function memoryLimiter(limit: Limit): RateLimiterMemory {
  return new RateLimiterMemory(limiterOptions(limit));
}
