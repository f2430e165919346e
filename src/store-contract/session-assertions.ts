import assert from 'node:assert/strict';
import type { SessionRecord } from '../sessions/session-record.js';

/** Fields that are undefined and fields that are absent are the same; the plain pair and its clock are the store's own affair. */
export function assertSame(
  found: readonly SessionRecord[],
  expected: readonly (SessionRecord | undefined)[],
): void {
  assert.deepEqual(found.map(comparable), expected.map(comparable));
}

function comparable(record: SessionRecord | undefined): object {
  const { plainPair: _pair, rotatedAgo: _ago, ...fields } = record ?? ({} as Partial<SessionRecord>);
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
