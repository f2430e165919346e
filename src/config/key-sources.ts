import { ConfigError } from '../errors.js';
import type { HmacAlgorithm } from '../keys/algorithms.js';
import { importSecret } from '../keys/import-key.js';
import { KeySchedule, type ScheduledKey } from '../keys/key-schedule.js';
import type { FastauthConfig } from './fastauth-config.js';
import { cryptographyKeyList, scheduledKeys } from './key-entries.js';
import type { KeyProvider } from './key-provider.js';
import { KeySetFile } from './key-set-file.js';
import { camelCase } from './name-case.js';
import { writtenPath } from './written-names.js';

const PROVIDER_TIMEOUT_MS = 10_000;
const PROVIDER = 'keyProvider';

export type KeyConfig = Pick<
  FastauthConfig,
  'cryptographyKey' | 'tokenAlgorithm' | 'cryptographyKeys' | 'keySetFile'
>;

/**
 * Everything that keys are read from, as one schedule: configuration, key set file, provider. What one of them said
 * last stays until it says something else, whatever becomes of the others.
 */
export class KeySources {
  readonly #file: KeySetFile | undefined;
  #version: string | undefined;
  #fromFile: KeySchedule | undefined;
  #provided: readonly ScheduledKey[] = [];
  #schedule: KeySchedule | undefined;

  constructor(
    private readonly config: KeyConfig,
    private readonly provider?: KeyProvider,
  ) {
    this.#file = config.keySetFile === undefined ? undefined : new KeySetFile(config.keySetFile);
  }

  get file(): KeySetFile | undefined {
    return this.#file;
  }

  get hasProvider(): boolean {
    return this.provider !== undefined;
  }

  /** Whether a key set file was named and has not been there yet. */
  get lacksFile(): boolean {
    return this.#file !== undefined && this.#version === undefined;
  }

  /** As it was read last; another object once something was read anew. */
  get schedule(): KeySchedule {
    return (this.#schedule ??= this.#united());
  }

  /** Keys from beside the configuration, which was checked when it was read. */
  get brought(): readonly ScheduledKey[] {
    return [...(this.#fromFile?.keys ?? []), ...this.#provided];
  }

  /** @throws ConfigError what is wrong with which source */
  async load(): Promise<KeySchedule> {
    await Promise.all([this.readFile(), this.askProvider()]);
    return this.schedule;
  }

  /**
   * Reads the key set file, if it has changed.
   * @throws ConfigError it cannot be read, or has gone
   */
  async readFile(): Promise<void> {
    if (!this.#file) return;
    // Before reading: what is written meanwhile is read the next time.
    const version = await this.#file.version();
    if (version === this.#version) return;
    this.#fromFile = await this.#file.read();
    this.#version = version;
    this.#schedule = undefined;
  }

  /** @throws ConfigError its answer cannot be used, or does not come */
  async askProvider(): Promise<void> {
    if (!this.provider) return;
    this.#provided = await providedKeys(this.provider);
    this.#schedule = undefined;
  }

  #united(): KeySchedule {
    const { cryptographyKey, tokenAlgorithm, cryptographyKeys } = this.config;
    const keys = [...(this.#fromFile?.keys ?? []), ...cryptographyKeys, ...this.#provided];
    if (cryptographyKey !== undefined) addSingle(keys, cryptographyKey, tokenAlgorithm);
    return new KeySchedule(keys, this.#fromFile?.retired);
  }
}

async function providedKeys(provider: KeyProvider): Promise<readonly ScheduledKey[]> {
  const answer = await answerOf(provider);
  const result = cryptographyKeyList().safeParse(answer);
  if (result.success) return scheduledKeys(result.data, PROVIDER, '.', camelCase);
  throw new ConfigError(
    result.error.issues.map(
      ({ path, code }) =>
        `${PROVIDER}: its answer cannot be used at ${writtenPath(answer, path, camelCase).join('.') || 'all'} (${code})`,
    ),
  );
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
