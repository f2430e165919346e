import { setImmediate as immediate } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { createTokenService } from '../../test/support/token-service.js';
import type { SessionKey } from '../sessions/session-record.js';
import type { SessionUse } from '../sessions/token-store.js';
import { MemoryTokenStore } from '../stores/memory/memory.store.js';

class CountingStore extends MemoryTokenStore {
  readonly touches: number[] = [];

  override async touch(key: SessionKey, use: SessionUse): Promise<void> {
    this.touches.push(use.usedAt);
    await super.touch(key, use);
  }
}

describe('last uses', () => {
  it('are written once a session and period, also over a refresh, and told with the session', async () => {
    const store = new CountingStore();
    const { service, clock } = createTokenService({ trackLastUsed: 60 }, store);
    const first = await service.issue({ clientId: 'ada' });
    const [{ lastUsedAt, createdAt } = { lastUsedAt: 0, createdAt: 0 }] = await service.sessions('ada');
    expect(lastUsedAt).toBeUndefined();
    for (let second = 0; second < 59; second++) {
      await service.verify(first.accessToken);
      clock.advance(1);
      await immediate();
    }
    expect(store.touches).toEqual([createdAt]);
    const second = await service.refresh(first.refreshToken);
    await service.verify(second.accessToken);
    await immediate();
    expect(store.touches).toHaveLength(1);
    clock.advance(1);
    await service.verify(second.accessToken);
    await immediate();
    expect(store.touches).toEqual([createdAt, createdAt + 60]);
    expect(await service.sessions('ada')).toEqual([expect.objectContaining({ lastUsedAt: createdAt + 60 })]);
  });

  it('are written for no token that is refused, and not at all when off', async () => {
    const store = new CountingStore();
    const { service } = createTokenService({ trackLastUsed: 60 }, store);
    const spent = await service.issue({ clientId: 'ada' });
    await service.refresh(spent.refreshToken);
    await expect(service.verify(spent.accessToken)).rejects.toThrow();
    const off = createTokenService({}, store).service;
    await off.verify((await off.issue({ clientId: 'eve' })).accessToken);
    await immediate();
    expect(store.touches).toEqual([]);
  });

  it('keep no request waiting, and harm none when the store fails', async () => {
    const store = new (class extends MemoryTokenStore {
      override touch(): Promise<void> {
        throw new TypeError('a store of the application');
      }
    })();
    const { service } = createTokenService({ trackLastUsed: 60 }, store);
    const { accessToken } = await service.issue({ clientId: 'ada' });
    expect(service.check(accessToken)).toMatchObject({ clientId: 'ada' });
    await immediate();
  });
});
