import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { TokenStore } from '../stores/token-store.js';
import { Clock } from './clock.js';

/** How often ended sessions are looked for, and how many go at a time so that requests are not held up. */
const SWEEP_EVERY_MS = 60_000;
const BATCH_SIZE = 500;
const PAUSE_BETWEEN_BATCHES_MS = 20;

/** Lets ended sessions leave the store by themselves, in small batches. Its timer keeps no process alive. */
@Injectable()
export class SessionSweeper implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('Fastauth');
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(
    @Inject(TokenStore) private readonly store: TokenStore,
    @Inject(Clock) private readonly clock: Clock,
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

  private async sweep(): Promise<void> {
    try {
      const dropped = await this.store.sweep(Math.floor(this.clock.now() / 1000), BATCH_SIZE);
      this.schedule(dropped < BATCH_SIZE ? SWEEP_EVERY_MS : PAUSE_BETWEEN_BATCHES_MS);
    } catch {
      this.logger.warn(
        'Ended sessions could not be cleaned up: the token store is not available. Trying again later.',
      );
      this.schedule(SWEEP_EVERY_MS);
    }
  }
}
