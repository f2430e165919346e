import { describe, expect, it } from '@jest/globals';
import { createTokenService, SECRET } from '../../test/support/token-service.js';
import { InvalidGrantError } from '../errors.js';
import { KeyRing } from '../keys/key-ring.js';
import { ActiveKeyRing } from '../keys/active-key-ring.js';
import type { SessionRecord, TokenPair } from '../sessions/session-record.js';
import { digestOf } from '../sessions/token-digest.js';
import { MemoryTokenStore } from '../stores/memory/memory.store.js';
import { JwtCodec } from './codecs/jwt.codec.js';

describe('a store shared with the Python original', () => {
  const codec = new JwtCodec(new ActiveKeyRing(KeyRing.fromSecret(SECRET)), {
    accessTokenProfile: 'default',
  });
  const NOW = Date.UTC(2030, 0, 1) / 1000;

  /** As the REST store answers: one session a client, tokens in plain text, nothing known but what they say. */
  class PlainStore extends MemoryTokenStore {
    session: SessionRecord | undefined;
    override find() {
      return this.session;
    }
    override async rotate(record: SessionRecord, pair: TokenPair): Promise<boolean> {
      if (this.session?.refreshHash !== record.previousRefreshHash) return false;
      this.session = { ...record, plainPair: pair };
      return true;
    }
    override async revoke(): Promise<boolean> {
      this.session = undefined;
      return true;
    }
  }

  async function legacyPair(): Promise<TokenPair> {
    const common = { client_id: 'p', iat: NOW };
    return {
      accessToken: await codec.sign({ ...common, type: 'access', exp: NOW + 60 }),
      refreshToken: await codec.sign({ ...common, type: 'refresh', exp: NOW + 600 }),
    };
  }

  function legacySession(pair: TokenPair): SessionRecord {
    return {
      clientId: 'p',
      familyId: 'legacy',
      generation: 0,
      accessHash: digestOf(pair.accessToken),
      accessExpiresAt: NOW + 60,
      refreshHash: digestOf(pair.refreshToken),
      refreshExpiresAt: NOW + 600,
      createdAt: NOW,
      plainPair: pair,
    };
  }

  it('has its tokens, without family, generation and jti, refreshed once, answered again, and refused later', async () => {
    const store = new PlainStore();
    const { service, clock } = createTokenService({}, store);
    const pair = await legacyPair();
    store.session = legacySession(pair);
    clock.advance(5);
    const first = await service.refresh(pair.refreshToken);
    expect(first).toMatchObject({ clientId: 'p', accessExpiresAt: NOW + 65, refreshExpiresAt: NOW + 605 });
    expect(first.familyId).not.toBe('legacy');
    expect(await service.refresh(pair.refreshToken)).toEqual(first);
    clock.advance(10);
    await expect(service.refresh(pair.refreshToken)).rejects.toThrow(InvalidGrantError);
    await expect(service.refresh(first.refreshToken)).rejects.toThrow(InvalidGrantError);
  });

  it('answers, on a process that did not rotate, the token of the generation before within the window', async () => {
    const store = new PlainStore();
    const { service, clock } = createTokenService({}, store);
    store.session = legacySession(await legacyPair());
    const first = await service.refresh((store.session.plainPair as TokenPair).refreshToken);
    const second = await service.refresh(first.refreshToken);
    // What another process knows of it.
    store.session = { ...store.session, previousRefreshHash: undefined, sealedPair: undefined };
    clock.advance(9);
    expect(await service.refresh(first.refreshToken)).toEqual(second);
    clock.advance(1);
    await expect(service.refresh(first.refreshToken)).rejects.toThrow(InvalidGrantError);
    expect(store.session).toBeUndefined();
  });

  it('gives an access token a lifetime even if the one before it told none', async () => {
    const store = new PlainStore();
    const { service } = createTokenService({ accessTokenExpiresIn: 900 }, store);
    const pair = await legacyPair();
    store.session = { ...legacySession(pair), accessExpiresAt: 0 };
    expect((await service.refresh(pair.refreshToken)).accessExpiresAt).toBe(NOW + 900);
  });
});
