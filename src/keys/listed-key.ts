import type { KeyUse } from './algorithms.js';
import type { KeySchedule, ScheduledKey } from './key-schedule.js';
import type { RingKey } from './ring-key.js';

/** A key as it is now, and as it was written. */
export interface ListedKey extends RingKey {
  readonly signingFrom: number | undefined;
  readonly source: string;
}

/** The keys in force at `now` (epoch seconds). */
export function listKeys(schedule: KeySchedule, now: number): readonly ListedKey[] {
  return schedule.keysAt(now).map((key) => {
    const { signingFrom, source } = schedule.keys.find((entry) => entry.key.kid === key.kid) as ScheduledKey;
    return { ...key, signingFrom, source };
  });
}

/** The key that makes tokens. */
export function issuingKeyOf(keys: readonly ListedKey[], use: KeyUse = 'sig'): ListedKey | undefined {
  return keys.find((key) => key.use === use && key.status === 'signing');
}
