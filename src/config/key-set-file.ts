import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ConfigError } from '../errors.js';
import { replaceFile } from '../files/replace-file.js';
import { parseStrictObject } from '../json.js';
import { importJwk } from '../keys/import-key.js';
import { KeySchedule, type ScheduledKey } from '../keys/key-schedule.js';
import { EMPTY_KEY_SET, type KeySetDocument, type KeySetEntry } from '../keys/key-set-document.js';
import { KEY_STATUSES, type KeyStatus } from '../keys/ring-key.js';
import { CallsInTurn } from './calls-in-turn.js';
import { readSecretFile } from './secret-file.js';
import { isTimeSetting, timeOf } from './time-setting.js';

/**
 * The JWK Set file that processes share: read by them all, written by `fastauth keys`. Until it has been there once
 * it is an empty one, which the first rotation makes. A file that has gone is a fault: it held which keys are retired.
 */
export class KeySetFile {
  readonly #calls = new CallsInTurn();
  #wasThere = false;

  constructor(readonly path: string) {}

  /** Changes with every change of the file; undefined while there is none. */
  async version(): Promise<string | undefined> {
    const state = await this.#try(() => ifThere(stat(this.path, { bigint: true })));
    return state && [state.dev, state.ino, state.size, state.mtimeNs, state.mode].join(':');
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
    if ((await this.version()) === undefined) {
      if (this.#wasThere) throw this.#fault('is not there any more');
      return EMPTY_KEY_SET;
    }
    const bytes = await this.#try(() => readSecretFile(this.path));
    const document = parseStrictObject(bytes);
    if (!document) throw this.#fault('is no JSON object, or has a name twice');
    if (!isKeySet(document))
      throw this.#fault('is no JWK Set: an object with a list "keys" of objects, and "retired" times');
    this.#wasThere = true;
    return document;
  }

  /** Changes the file, at once or not at all; two processes that do so wait for each other. Its folder is made. */
  async update(change: (document: KeySetDocument) => KeySetDocument): Promise<void> {
    await mkdir(dirname(this.path), { recursive: true, mode: 0o700 });
    await replaceFile(
      this.path,
      async () => `${JSON.stringify(change(await this.readDocument()), undefined, 2)}\n`,
    );
    this.#wasThere = true;
  }

  async #try<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await this.#calls.run(call);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      throw this.#fault(code === undefined ? message : `cannot be read (${code})`);
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

async function ifThere<T>(looking: Promise<T>): Promise<T | undefined> {
  try {
    return await looking;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
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
