import { readFile, stat } from 'node:fs/promises';
import { ConfigError } from '../errors.js';
import { importJwk } from '../keys/import-key.js';
import { EMPTY_KEY_SET, type KeySetDocument, type KeySetEntry } from '../keys/key-set-document.js';
import { KeySchedule, type ScheduledKey } from '../keys/key-schedule.js';
import { withLockFile } from '../keys/lock-file.js';
import { replaceFile } from '../keys/replace-file.js';
import { KEY_STATUSES, type KeyStatus } from '../keys/ring-key.js';
import { secretModeFault } from './secret-file.js';
import { parseStrictObject } from './strict-json.js';
import { isTimeSetting, timeOf } from './time-setting.js';

/** What a file must not exceed, in bytes: thousands of keys are a mistake. */
const MAX_LENGTH = 1024 * 1024;

/**
 * The JWK Set file that processes share: read by them all, written by `fastauth keys`.
 * A file that is not there is an empty one: the first rotation makes it.
 */
export class KeySetFile {
  constructor(readonly path: string) {}

  /** Changes with every change of the file; undefined while there is none. */
  async version(): Promise<string | undefined> {
    const state = await this.#state();
    return state && [state.ino, state.size, state.mtimeNs, state.mode].join(':');
  }

  /** @throws ConfigError what is wrong with it; no value of it is told */
  async read(): Promise<KeySchedule> {
    const { keys, retired = {} } = await this.readDocument();
    const faults: string[] = [];
    const scheduled = keys.flatMap((entry, index) => {
      try {
        return [this.#scheduled(entry)];
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        faults.push(...error.faults.map((fault) => `${this.path}: keys[${index}]: ${fault}`));
        return [];
      }
    });
    if (faults.length > 0) throw new ConfigError(faults);
    return new KeySchedule(scheduled, new Map(Object.entries(retired)));
  }

  /** As {@link read}, as it is written. */
  async readDocument(): Promise<KeySetDocument> {
    const state = await this.#state();
    if (state === undefined) return EMPTY_KEY_SET;
    const mode = process.platform === 'win32' ? undefined : secretModeFault(Number(state.mode));
    if (mode !== undefined) throw this.#fault(mode);
    if (state.size > MAX_LENGTH) throw this.#fault('is longer than 1 MiB');
    const bytes = await readFile(this.path).catch((error: NodeJS.ErrnoException) => {
      throw this.#fault(`cannot be read (${error.code})`);
    });
    const document = parseStrictObject(bytes);
    if (!document) throw this.#fault('is no JSON object, or has a name twice');
    if (!isKeySet(document))
      throw this.#fault('is no JWK Set: an object with a list "keys" of objects, and "retired" times');
    return document;
  }

  /** Changes the file, at once or not at all; two processes that do so wait for each other. */
  async update(change: (document: KeySetDocument) => KeySetDocument): Promise<void> {
    await withLockFile(`${this.path}.lock`, async () => {
      const changed = change(await this.readDocument());
      await replaceFile(this.path, `${JSON.stringify(changed, undefined, 2)}\n`);
    });
  }

  async #state() {
    try {
      return await stat(this.path, { bigint: true });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return undefined;
      throw this.#fault(`cannot be read (${code})`);
    }
  }

  #scheduled({ status, signing_from, verify_until, accepts_missing_kid, ...jwk }: KeySetEntry): ScheduledKey {
    if (status !== undefined && !isStatus(status)) {
      throw new ConfigError([`"status" is none of ${KEY_STATUSES.join(', ')}`]);
    }
    for (const [name, time] of Object.entries({ signing_from, verify_until })) {
      if (time !== undefined && !isTimeSetting(time)) throw new ConfigError([`"${name}" is no time`]);
    }
    const key = importJwk(jwk, {
      status,
      verifyUntil: timeOf(verify_until),
      acceptsMissingKid: accepts_missing_kid,
    });
    return { key, signingFrom: timeOf(signing_from), source: this.path, isFallback: false };
  }

  #fault(fault: string): ConfigError {
    return new ConfigError([`key-set-file ${this.path} ${fault}`]);
  }
}

function isStatus(status: string): status is KeyStatus {
  return (KEY_STATUSES as readonly string[]).includes(status);
}

function isKeySet(value: object): value is KeySetDocument {
  const { keys, retired = {} } = value as { keys?: unknown; retired?: unknown };
  return (
    Array.isArray(keys) &&
    keys.every(isObject) &&
    isObject(retired) &&
    Object.values(retired).every((time) => typeof time === 'number' && time >= 0)
  );
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
