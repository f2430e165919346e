import type { KeyUse } from './algorithms.js';
import { KeyRing } from './key-ring.js';
import { isAccepted, type KeyStatus, type RingKey } from './ring-key.js';

const USES: readonly KeyUse[] = ['sig', 'enc'];

/** A key as it was written down, with what changes its part as time goes by. */
export interface ScheduledKey {
  /** `status` is as written; what it is at a time depends on `signingFrom`. */
  readonly key: RingKey;
  /** From when it is the one that signs: epoch seconds; undefined of a `signing` key: from the beginning. */
  readonly signingFrom: number | undefined;
  /** Where it was read, for people. */
  readonly source: string;
  /** Signs only where no other key does: the key of the one-key form beside a ring. */
  readonly isFallback: boolean;
}

/**
 * Keys and their times. Every process that has read the same schedule makes the same ring of it at the same time, so
 * a rotation needs no word between them: the new key is there, accepted, for a while before all of them sign with it.
 */
export class KeySchedule {
  constructor(
    readonly keys: readonly ScheduledKey[],
    /** From when keys are refused, by `kid`, wherever they were read: epoch seconds. */
    readonly retired: ReadonlyMap<string, number> = new Map(),
  ) {}

  /** The keys in force at `now` (epoch seconds), each with the part it has then. Those that ended are left out. */
  keysAt(now: number): readonly RingKey[] {
    const live = this.keys
      .map((entry) => ({ ...entry, key: this.#ending(entry.key) }))
      .filter(({ key }) => isAccepted(key, now));
    const signing = new Set(
      USES.flatMap((use) =>
        signingAt(
          live.filter(({ key }) => key.use === use),
          now,
        ),
      ),
    );
    return live.map((entry) => Object.freeze({ ...entry.key, status: statusAt(entry, signing, now) }));
  }

  /** @throws ConfigError naming every fault of the keys together; undefined without any key */
  ringAt(now: number): KeyRing | undefined {
    const keys = this.keysAt(now);
    return keys.length === 0 ? undefined : new KeyRing(keys);
  }

  /** When the ring changes next by itself, epoch seconds. */
  nextChangeAfter(now: number): number | undefined {
    const times = this.keys.flatMap(({ key, signingFrom }) => [signingFrom, this.#ending(key).verifyUntil]);
    const coming = times.filter((time) => time !== undefined && time > now) as number[];
    return coming.length === 0 ? undefined : Math.min(...coming);
  }

  #ending(key: RingKey): RingKey {
    const retiredAt = this.retired.get(key.kid);
    return retiredAt === undefined || retiredAt > (key.verifyUntil ?? Infinity)
      ? key
      : { ...key, verifyUntil: retiredAt };
  }
}

/** The key of the latest time; several where only a change of the configuration can tell which it shall be. */
function signingAt(keys: readonly ScheduledKey[], now: number): readonly ScheduledKey[] {
  const called = keys.filter(
    ({ key, signingFrom }) =>
      key.issuingKey !== undefined &&
      (key.status === 'signing'
        ? (signingFrom ?? 0) <= now
        : key.status === 'next' && (signingFrom ?? Infinity) <= now),
  );
  const own = called.filter(({ isFallback }) => !isFallback);
  const candidates = own.length > 0 ? own : called;
  const latest = Math.max(...candidates.map(timeOfCall));
  return candidates.filter((entry) => timeOfCall(entry) === latest);
}

function timeOfCall({ signingFrom }: ScheduledKey): number {
  return signingFrom ?? 0;
}

function statusAt(entry: ScheduledKey, signing: ReadonlySet<ScheduledKey>, now: number): KeyStatus {
  if (signing.has(entry)) return 'signing';
  const { key, signingFrom } = entry;
  if (key.status === 'verify-only') return 'verify-only';
  const isToCome = key.status === 'next' ? (signingFrom ?? Infinity) > now : (signingFrom ?? 0) > now;
  return isToCome ? 'next' : 'verify-only';
}
