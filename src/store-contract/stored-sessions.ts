import assert from 'node:assert/strict';
import type { SessionRecord } from '../sessions/session-record.js';
import type { TokenStore } from '../sessions/token-store.js';
import { assertSame } from './session-assertions.js';
import type { SessionSample } from './session-sample.js';

export async function put(
  store: TokenStore,
  sample: SessionSample,
  sessionsPerClient = 1,
): Promise<SessionSample> {
  await store.insert(sample.record, sample.pair, sessionsPerClient);
  return sample;
}

export async function assertStored(store: TokenStore, record: SessionRecord): Promise<void> {
  const found = await store.find(record);
  assertSame(found ? [found] : [], [record]);
}

export async function assertClosed(store: TokenStore, record: SessionRecord): Promise<void> {
  const found = await store.find(record);
  assert.ok(found === undefined || found.revokedAt !== undefined, 'the session is still open');
}

export function families(records: readonly SessionRecord[]): string[] {
  return records.map((record) => record.familyId);
}

/** Telling too much is allowed: of the writes before, a store may tell once more. */
export async function assertHeard(
  store: TokenStore,
  clientId: string,
  action: () => Promise<unknown>,
): Promise<void> {
  const heard = new Set<string | undefined>();
  const end = store.watch((changed) => heard.add(changed?.clientId));
  await action();
  end();
  assert.ok(heard.has(clientId), `not told of ${clientId}`);
}
