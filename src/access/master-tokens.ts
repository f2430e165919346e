import { hash, timingSafeEqual } from 'node:crypto';
import { Inject, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { Clock } from '../clock.js';
import { FASTAUTH_CONFIG, type FastauthConfig } from '../config/fastauth-config.js';
import { masterPrincipal, type Principal } from '../tokens/principal.js';

interface MasterToken {
  readonly digest: Buffer;
  readonly principal: Principal;
}

/** The master tokens of the configuration: any of them opens what needs the master token, until it expires. */
@Injectable()
export class MasterTokens implements OnApplicationBootstrap {
  readonly #tokens: readonly MasterToken[];
  /** Of the token that is looked at; one buffer for all, since nothing waits between writing and comparing. */
  readonly #digest = Buffer.alloc(32);

  constructor(
    @Inject(FASTAUTH_CONFIG) config: Pick<FastauthConfig, 'masterTokens'>,
    private readonly clock: Clock,
  ) {
    this.#tokens = config.masterTokens.map(({ name, hash, expiresAt }) => ({
      digest: Buffer.from(hash, 'hex'),
      principal: masterPrincipal(name, expiresAt),
    }));
  }

  onApplicationBootstrap(): void {
    const expired = this.#tokens.filter(({ principal }) => this.isExpired(principal));
    for (const { principal } of expired) {
      new Logger('Fastauth').warn(
        `The master token ${JSON.stringify(principal.masterTokenName)} has expired and is refused; take it out of master-tokens`,
      );
    }
  }

  /**
   * Whom a master token stands for; undefined if it is none or has expired. Digests are compared, in constant time
   * and all of them, so that neither content nor length nor which one it was shows in how long it takes.
   */
  principalOf(sent: string): Principal | undefined {
    // Node reads header bytes as latin1, so this is what was sent.
    this.#digest.write(hash('sha256', Buffer.from(sent, 'latin1'), 'binary'), 'binary');
    let found: Principal | undefined;
    for (const token of this.#tokens) {
      if (timingSafeEqual(token.digest, this.#digest)) found = token.principal;
    }
    return found && !this.isExpired(found) ? found : undefined;
  }

  /** The principal of the master token with this name. */
  named(name: string): Principal | undefined {
    return this.#tokens.find(({ principal }) => principal.masterTokenName === name)?.principal;
  }

  private isExpired({ expiresAt }: Principal): boolean {
    return expiresAt !== undefined && this.clock.now() / 1000 >= expiresAt;
  }
}
