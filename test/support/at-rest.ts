import { expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import type { TokenStore } from '../../src/sessions/token-store.js';
import { createTokenService } from './token-service.js';

/** A store, and all that it has written anywhere. */
export interface DumpedStore {
  readonly store: TokenStore;
  /** Called before the store is closed, and again after. */
  dump(): Promise<Buffer>;
}

/** Defines the test that a store keeps nothing that could be used, after everything a session can go through. */
export function itKeepsNoUsableToken(open: () => Promise<DumpedStore>): void {
  it('keeps no token, and says none in its errors', async () => {
    const { store, dump } = await open();
    const { service, clock } = createTokenService({ sessionsPerClient: 2 }, store);
    const tokens = new Set<string>();
    const keep = <T extends { accessToken: string; refreshToken: string }>(pair: T): T => {
      tokens.add(pair.accessToken).add(pair.refreshToken);
      return pair;
    };
    const errors: unknown[] = [];
    for (let client = 0; client < 5; client++) {
      const clientId = `client-${client}`;
      const first = keep(await service.issue({ clientId, label: 'phone', claims: { site: 'north' } }));
      const raced = await Promise.all([0, 1, 2].map(() => service.refresh(first.refreshToken)));
      const second = keep(raced[0] as (typeof raced)[0]);
      keep(await service.refresh(first.refreshToken));
      keep(await service.issue({ clientId, label: 'laptop' }));
      await service.label(second, 'old phone');
      await service.verify(second.accessToken);
      if (client === 1) await service.revoke(second);
      if (client === 2) await service.revokeClient(clientId);
      if (client === 3) clock.advance(60);
      errors.push(await service.refresh(first.refreshToken).catch((error: unknown) => error));
      errors.push(await service.verify(first.accessToken).catch((error: unknown) => error));
      keep(await service.issue({ clientId }));
    }
    const before = await dump();
    await store.close();
    errors.push(
      await Promise.resolve()
        .then(() => store.list('client-0'))
        .catch((error: unknown) => error),
    );
    const after = await dump();
    expect(before.length).toBeGreaterThan(500);
    expect(tokens.size).toBeGreaterThan(25);
    for (const token of tokens) {
      const [, payload = '', signature = ''] = token.split('.');
      for (const secret of [token, payload, signature]) {
        for (const dumped of [before, after]) expect(dumped.includes(secret)).toBe(false);
        for (const error of errors) {
          // An answer within the window is a pair, and no error.
          if (error instanceof Error) expect(inspect(error, { depth: 9 }).includes(secret)).toBe(false);
        }
      }
    }
  });
}
