import type { Clock } from '../clock.js';
import type { MasterTokens } from '../access/master-tokens.js';
import { SINGLE_MASTER_TOKEN } from '../config/master-token-entries.js';
import { randomBytes } from '../keys/random.js';

/**
 * Tokens that stand for the master tokens of the configuration, of which only digests are known: each is good as long
 * as the one that it stands for.
 */
export class TestingMasterTokens {
  readonly #names = new Map<string, string>();

  constructor(
    private readonly tokens: MasterTokens,
    clock: Clock,
  ) {
    const principalOf = tokens.principalOf.bind(tokens);
    tokens.principalOf = (sent) => {
      const name = this.#names.get(sent);
      if (name === undefined) return principalOf(sent);
      const principal = tokens.named(name);
      const { expiresAt = Infinity } = principal ?? {};
      return clock.now() / 1000 < expiresAt ? principal : undefined;
    };
  }

  /** @throws Error no master token of that name is configured */
  tokenOf(name = SINGLE_MASTER_TOKEN): string {
    if (!this.tokens.named(name))
      throw new Error(
        `No master token named ${JSON.stringify(name)} is configured: set master-token or master-tokens`,
      );
    const token = `master-of-tests-${randomBytes(16).toString('base64url')}`;
    this.#names.set(token, name);
    return token;
  }
}
