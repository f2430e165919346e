import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { FASTAUTH_CONFIG, type FastauthConfig } from '../config/fastauth-config.js';
import { SafeLogger } from '../events/safe-logger.js';
import { TokenService } from '../tokens/token.service.js';

const AGAIN_AFTER_MS = 5000;

/**
 * Ends the sessions of clients that the configuration has disabled, when the application starts: their entries say that
 * they may do nothing. Where the store is away it is tried again until it is there.
 */
@Injectable()
export class DisabledClients implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new SafeLogger();
  private readonly waiting: Set<string>;
  private timer: NodeJS.Timeout | undefined;
  private isStopped = false;

  constructor(
    @Inject(FASTAUTH_CONFIG) { clients }: Pick<FastauthConfig, 'clients'>,
    private readonly tokens: TokenService,
  ) {
    this.waiting = new Set(clients.filter(({ isEnabled }) => !isEnabled).map(({ clientId }) => clientId));
  }

  async onApplicationBootstrap(): Promise<void> {
    for (const clientId of this.waiting) {
      try {
        const ended = await this.tokens.revokeClient(clientId);
        if (ended > 0)
          this.logger.warn(
            `The client ${JSON.stringify(clientId)} is disabled; ${ended} of its sessions ended.`,
          );
        this.waiting.delete(clientId);
      } catch (error) {
        if (!this.timer) this.logger.failure('Ending the sessions of disabled clients', error);
        if (!this.isStopped)
          this.timer = setTimeout(() => void this.onApplicationBootstrap(), AGAIN_AFTER_MS).unref();
        return;
      }
    }
  }

  onModuleDestroy(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
  }
}
