import type { FastauthConfig } from '../config/fastauth-config.js';
import type { KeySetFile } from '../config/key-set-file.js';
import { KeySources } from '../config/key-sources.js';
import type { KeyUse } from '../keys/algorithms.js';
import type { KeySchedule } from '../keys/key-schedule.js';
import { issuingKeyOf, type ListedKey, listKeys } from '../keys/listed-key.js';
import type { KeyUse as SessionsOfKey } from '../sessions/token-store.js';
import { CommandError, EXIT } from './command-output.js';
import { withStore } from './with-store.js';

/** The keys of the configuration and of the key set file. Those of a key provider only the application has. */
export class KeyRingView {
  private constructor(
    readonly config: FastauthConfig,
    readonly schedule: KeySchedule,
    readonly now: number,
    private readonly sources: KeySources,
  ) {}

  static async read(config: FastauthConfig, now: number): Promise<KeyRingView> {
    const sources = new KeySources(config);
    return new KeyRingView(config, await sources.load(), now, sources);
  }

  get keys(): readonly ListedKey[] {
    return listKeys(this.schedule, this.now);
  }

  /** The key that makes tokens now. */
  signing(use: KeyUse = 'sig'): ListedKey | undefined {
    return issuingKeyOf(this.keys, use);
  }

  /** The key that a rotation has announced and that does not sign yet. */
  announced(use: KeyUse = 'sig'): ListedKey | undefined {
    return this.keys.find((key) => key.use === use && key.status === 'next' && key.signingFrom !== undefined);
  }

  /** @throws CommandError there is no key set file to write to */
  get file(): KeySetFile {
    if (this.sources.file) return this.sources.file;
    throw new CommandError(
      'There is no key-set-file. Set it, for example "key-set-file": ".fastauth/keys.json", ' +
        'and start the application with it; from then on it picks up what is written there.',
      EXIT.misuse,
    );
  }

  /** Live sessions by key; undefined where the store cannot tell. */
  async sessions(): Promise<readonly SessionsOfKey[] | undefined> {
    if (this.config.databaseUrl.startsWith('memory:')) return undefined;
    return withStore(this.config, (store) => store.keyUse(this.now));
  }
}
