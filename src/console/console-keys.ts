import { ConflictException } from '@nestjs/common';
import type { Clock } from '../clock.js';
import { DEFAULT_NOTICE, rotateKeys, RotationUnderWayError } from '../config/rotate-keys.js';
import { sessionsOf } from '../sessions/key-sessions.js';
import type { TokenStore } from '../sessions/token-store.js';
import type { KeyRingWatcher } from '../tokens/key-ring-watcher.js';

/** Lists and rotates keys. Nothing of a key itself is told. */
export class ConsoleKeys {
  constructor(
    private readonly keys: KeyRingWatcher,
    private readonly store: TokenStore,
    private readonly clock: Clock,
  ) {}

  async list(): Promise<object> {
    const uses = await this.store.keyUse(this.now());
    const keys = this.keys.listed.map((key) => ({
      kid: key.kid,
      algorithm: key.algorithm,
      use: key.use,
      status: key.status,
      signing_from: key.signingFrom,
      verify_until: key.verifyUntil,
      source: key.source,
      // Sessions remember which key signed, not which one encrypted.
      ...(uses && key.use === 'sig' ? sessionsOf(key, uses) : {}),
    }));
    return { keys, can_rotate: this.keys.file !== undefined };
  }

  /** @throws ConflictException there is no key set file, or a rotation is under way */
  async rotate(): Promise<object> {
    const { file, listed } = this.keys;
    if (!file) throw new ConflictException('There is no key-set-file to write a new key to');
    try {
      const order = { file, keys: listed, now: this.now(), notice: DEFAULT_NOTICE };
      const { kid, algorithm, signingFrom } = await rotateKeys(order);
      return { kid, algorithm, signing_from: signingFrom };
    } catch (error) {
      if (!(error instanceof RotationUnderWayError)) throw error;
      throw new ConflictException(`A rotation is under way: ${error.kid} does not sign yet. Wait for it.`);
    }
  }

  private now(): number {
    return Math.floor(this.clock.now() / 1000);
  }
}
