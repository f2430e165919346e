import { ConfigError } from '../errors.js';
import type { HmacAlgorithm } from '../keys/algorithms.js';
import { importSecret } from '../keys/import-key.js';
import { KeySchedule, type ScheduledKey } from '../keys/key-schedule.js';
import type { FastauthConfig } from './fastauth-config.js';
import { cryptographyKeyList, scheduledKeys } from './key-entries.js';
import type { KeyProvider } from './key-provider.js';
import { KeySetFile } from './key-set-file.js';

const PROVIDER_TIMEOUT_MS = 10_000;
const PROVIDER = 'keyProvider';

export type KeyConfig = Pick<
  FastauthConfig,
  'cryptographyKey' | 'tokenAlgorithm' | 'cryptographyKeys' | 'keySetFile'
>;

/** Everything that keys are read from, as one schedule: configuration, key set file, provider. */
export class KeySources {
  readonly file: KeySetFile | undefined;

  constructor(
    private readonly config: KeyConfig,
    private readonly provider?: KeyProvider,
  ) {
    this.file = config.keySetFile === undefined ? undefined : new KeySetFile(config.keySetFile);
  }

  get hasProvider(): boolean {
    return this.provider !== undefined;
  }

  /** @throws ConfigError what is wrong with which source */
  async load(): Promise<KeySchedule> {
    const { cryptographyKey, tokenAlgorithm, cryptographyKeys } = this.config;
    const [file, provided] = await Promise.all([this.file?.read(), this.#provided()]);
    const keys = [...(file?.keys ?? []), ...cryptographyKeys, ...provided];
    if (cryptographyKey !== undefined) addSingle(keys, cryptographyKey, tokenAlgorithm);
    return new KeySchedule(keys, file?.retired);
  }

  async #provided(): Promise<readonly ScheduledKey[]> {
    if (!this.provider) return [];
    const given = await answerOf(this.provider);
    const result = cryptographyKeyList().safeParse(given);
    if (result.success) return scheduledKeys(result.data, PROVIDER, '.');
    throw new ConfigError(
      result.error.issues.map(
        ({ path, code }) => `${PROVIDER}: its answer cannot be used at ${path.join('.') || 'all'} (${code})`,
      ),
    );
  }
}

/** The one-key form: of tokens that name no key, and signing while no other key does. */
function addSingle(keys: ScheduledKey[], cryptographyKey: string, algorithm: HmacAlgorithm): void {
  const key = importSecret(cryptographyKey, { algorithm });
  const index = keys.findIndex((other) => other.key.thumbprint === key.thumbprint);
  const twin = keys[index];
  // It was imported into the ring: there is its part, here is that tokens without a `kid` are of it.
  if (twin) keys[index] = { ...twin, key: Object.freeze({ ...twin.key, acceptsMissingKid: true }) };
  else keys.push({ key, signingFrom: undefined, source: 'cryptography-key', isFallback: true });
}

async function answerOf(provider: KeyProvider): Promise<unknown> {
  const signal = AbortSignal.timeout(PROVIDER_TIMEOUT_MS);
  const late = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () =>
      reject(new ConfigError([`${PROVIDER} did not answer within 10 seconds`])),
    );
  });
  try {
    return await Promise.race([provider.load(signal), late]);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    // Its message may quote what it was given.
    throw new ConfigError([`${PROVIDER} failed (${error instanceof Error ? error.name : 'unknown error'})`]);
  }
}
