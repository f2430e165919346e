import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Clock } from '../clock.js';
import { FASTAUTH_CONFIG, type FastauthConfig } from '../config/fastauth-config.js';
import { SafeLogger } from '../events/safe-logger.js';
import { TokenStore } from './token-store.js';

/** How often ended sessions are looked for, and how many go at a time so that requests are not held up. */
const SWEEP_EVERY_MS = 60_000;
const BATCH_SIZE = 200;
const PAUSE_BETWEEN_BATCHES_MS = 20;

/** Lets ended sessions leave the store by themselves, in small batches. Its timer keeps no process alive. */
@Injectable()
export class SessionSweeper implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new SafeLogger();
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(
    @Inject(TokenStore) private readonly store: TokenStore,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(FASTAUTH_CONFIG) private readonly config: Pick<FastauthConfig, 'clockTolerance'>,
  ) {}

  onApplicationBootstrap(): void {
    this.schedule(SWEEP_EVERY_MS);
  }

  onModuleDestroy(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private schedule(delay: number): void {
    if (this.stopped) return;
    this.timer = setTimeout(() => void this.sweep(), delay);
    this.timer.unref();
  }

  /** Drops one batch now; as long as there may be more, the next ones follow by themselves. */
  async sweep(): Promise<void> {
    clearTimeout(this.timer);
    try {
      // As long as a clock elsewhere may still take its tokens for good, a session stays.
      const now = Math.floor(this.clock.now() / 1000) - this.config.clockTolerance;
      const dropped = await this.store.sweep(now, BATCH_SIZE);
      this.schedule(dropped < BATCH_SIZE ? SWEEP_EVERY_MS : PAUSE_BETWEEN_BATCHES_MS);
    } catch {
      this.logger.warn(
        'Ended sessions could not be cleaned up: the token store is not available. Trying again later.',
      );
      this.schedule(SWEEP_EVERY_MS);
    }
  }
}
