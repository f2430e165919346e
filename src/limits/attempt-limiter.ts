import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { RateLimiterRedis, type RateLimiterAbstract } from 'rate-limiter-flexible';
import { Clock } from '../clock.js';
import { FASTAUTH_CONFIG, type FastauthConfig } from '../config/fastauth-config.js';
import { importOptional } from '../config/optional-package.js';
import { ConfigError } from '../errors.js';
import { FastauthEvents } from '../events/fastauth-events.js';
import { SafeLogger } from '../events/safe-logger.js';
import { networkFault } from '../stores/network-faults.js';
import { RedisFaults } from '../stores/redis/faults.js';
import { BoundedMemoryLimiter, KEPT_KEYS } from './bounded-memory.limiter.js';
import {
  type AddressSource,
  ClientAddress,
  isLoopback,
  nearestHop,
  networkOf,
  peerOf,
} from './client-address.js';

/** Failed attempts are counted over this many seconds, and what went over the limit waits for their end. */
const WINDOW_SECONDS = 60;
/** Seconds that counting may take, however much time the store of sessions has. */
const LONGEST_CALL = 1;

/** Whoever is on this machine, or comes through a proxy there. */
const UNKNOWN_LOCAL = 'master local ';

/** What is counted: wrong master tokens and bad tokens of one address, dead tokens of one client from one address. */
export type AttemptKind = 'master' | 'token' | 'client';

interface Limit {
  readonly kind: AttemptKind;
  readonly attempts: number;
  readonly limiter: RateLimiterAbstract;
}

/** What an attempt counts for, and the address that is told when that is too much. */
interface Counted {
  readonly key: string;
  readonly address: string | undefined;
}

/**
 * Counts failed attempts, and says who has to wait. Counting happens after an answer is known and is not waited for;
 * asking costs nothing while nobody has to wait. Whoever has to wait is refused for what is bad, not for what is good:
 * only the master token, which could be guessed at, is not even looked at. Those of whom nobody can tell where they come
 * from are refused for wrong master tokens alone: else one guesser would lock out the operators of the machine. So are
 * all who come through one proxy, counted together.
 */
@Injectable()
export class AttemptLimiter implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new SafeLogger();
  private readonly addresses: ClientAddress;
  #limits: readonly Limit[];
  /** Until when, in milliseconds since the epoch. */
  private readonly blocked = new LRUCache<string, number>(KEPT_KEYS);
  private disconnect: (() => void) | undefined;

  constructor(
    @Inject(FASTAUTH_CONFIG) private readonly config: FastauthConfig,
    private readonly clock: Clock,
    private readonly events: FastauthEvents,
  ) {
    this.addresses = new ClientAddress(config.trustedProxies);
    this.#limits = Object.entries({
      master: config.failedAttemptsPerAddress,
      token: config.failedAttemptsPerAddress,
      client: config.failedAttemptsPerClient,
    })
      .filter(([, attempts]) => attempts > 0)
      .map(([kind, attempts]) => ({
        kind: kind as AttemptKind,
        attempts,
        limiter: new BoundedMemoryLimiter(optionsOf(attempts)),
      }));
  }

  /** @throws ConfigError ioredis is not installed, or Redis refuses the login or the database */
  async onModuleInit(): Promise<void> {
    const url = this.config.failedAttemptsStore;
    if (url === 'memory:' || this.#limits.length === 0) return;
    const { Redis } = await importOptional(() => import('ioredis'), 'ioredis', 'failed-attempts-store');
    const limit = Math.min(this.config.storeTimeout, LONGEST_CALL) * 1000;
    const client = new Redis(url, {
      enableOfflineQueue: false,
      maxRetriesPerRequest: 1,
      lazyConnect: true,
      // Who takes calls and answers none is no counter either, and keeps nobody from starting.
      connectTimeout: limit,
      commandTimeout: limit,
      socketTimeout: limit,
      disconnectTimeout: limit,
    });
    const faults = new RedisFaults(client);
    let wasReady = true;
    client.on('error', (error) => {
      if (wasReady) {
        const reason = faults.refusal ?? networkFault(error, faults.place);
        this.logger.warn(
          `Redis for failed attempts is not available${reason === undefined ? '' : ` (${reason})`}; counting in this process.`,
        );
      }
      wasReady = false;
    });
    client.on('ready', () => (wasReady = true));
    this.disconnect = () => client.disconnect();
    this.#limits = this.#limits.map(({ kind, attempts, limiter }) => ({
      kind,
      attempts,
      limiter: new RateLimiterRedis({
        ...optionsOf(attempts),
        storeClient: client,
        keyPrefix: `${this.config.appName}:attempts:${kind}`,
        insuranceLimiter: limiter,
      }),
    }));
    await client.connect().catch(() => undefined);
    const { refusal } = faults;
    if (refusal === undefined) return;
    client.disconnect();
    throw new ConfigError([`failed-attempts-store: ${refusal}`]);
  }

  onApplicationShutdown(): void {
    this.disconnect?.();
  }

  /** Whether nobody has to wait. */
  get isIdle(): boolean {
    return this.blocked.size === 0;
  }

  /** The address that a request counts for. */
  addressOf(source: AddressSource): string | undefined {
    return this.addresses.of(source);
  }

  /**
   * How many seconds the sender of this has to wait, or undefined if it may go on.
   * @param clientId whose token it is, for the kind `client`
   */
  waitOf(kind: AttemptKind, source: AddressSource, clientId?: string): number | undefined {
    if (this.isIdle) return undefined;
    const key = this.keyOf(kind, source, clientId);
    return key === UNKNOWN_LOCAL ? undefined : this.remaining(key);
  }

  /**
   * Counts a failed attempt.
   * @returns how many seconds the sender has to wait since it failed too often before
   */
  failed(kind: AttemptKind, source: AddressSource, clientId?: string): number | undefined {
    const limit = this.#limits.find((candidate) => candidate.kind === kind);
    if (!limit) return undefined;
    const own = { key: this.keyOf(kind, source, clientId), address: this.addresses.of(source) };
    const wait = this.remaining(own.key);
    if (wait !== undefined) return wait;
    const together = kind === 'master' ? this.togetherOf(source) : undefined;
    void this.count(limit, own, together, this.events.correlationId);
    return together && this.remaining(together.key);
  }

  /**
   * Tells of a bad token that an endpoint got in a parameter, and counts it.
   * @returns how many seconds the sender has to wait since it failed too often before
   */
  refused(
    endpoint: 'refresh' | 'revoke' | 'introspect' | 'client',
    source: AddressSource,
  ): number | undefined {
    this.events.emit({ type: 'token.refused', endpoint, address: this.addresses.of(source) });
    return this.failed('token', source);
  }

  private keyOf(kind: AttemptKind, source: AddressSource, clientId = ''): string {
    const address = this.addresses.of(source);
    if (kind === 'master' && (address === undefined || isLoopback(address))) {
      const hop = nearestHop(source);
      return hop === undefined || isLoopback(hop) ? UNKNOWN_LOCAL : `master via ${networkOf(hop)} `;
    }
    return `${kind} ${address === undefined ? 'unknown' : networkOf(address)} ${clientId}`;
  }

  /**
   * All who come through one proxy, for it may pass on whatever addresses they invent. Only wrong master tokens are
   * refused by this count. Undefined where the address is the connection's own.
   */
  private togetherOf(source: AddressSource): Counted | undefined {
    const address = peerOf(source);
    if (address === undefined || isLoopback(address)) return { key: UNKNOWN_LOCAL, address };
    if (address === this.addresses.of(source)) return undefined;
    return { key: `master through ${networkOf(address)} `, address };
  }

  /** @param together is counted, too, unless the limit of the first is exceeded */
  private async count(
    limit: Limit,
    { key, address }: Counted,
    together: Counted | undefined,
    correlationId: string | undefined,
  ): Promise<void> {
    const { kind, limiter } = limit;
    try {
      await limiter.consume(key);
      if (together && together.key !== key) await this.count(limit, together, undefined, correlationId);
    } catch (rejection) {
      // Not an error but a result: who goes over the limit is rejected with the time until the window's end.
      const { msBeforeNext } = rejection as { msBeforeNext?: number };
      if (typeof msBeforeNext !== 'number' || this.remaining(key) !== undefined) return;
      this.blocked.set(key, this.clock.now() + msBeforeNext);
      const seconds = Math.ceil(msBeforeNext / 1000);
      this.events.emit({ type: 'access.limited', by: kind, address, seconds }, correlationId);
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

function optionsOf(attempts: number) {
  return { points: attempts, duration: WINDOW_SECONDS };
}
