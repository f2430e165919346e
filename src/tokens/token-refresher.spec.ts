import { describe, expect, it } from '@jest/globals';
import { createTokenService } from '../../test/support/token-service.js';
import type { FastauthConfig } from '../config/fastauth-config.js';
import { InvalidGrantError, StoreUnavailableError, TokenNotSavedError } from '../errors.js';
import type { SessionKey, SessionRecord, TokenPair } from '../sessions/session-record.js';
import { digestOf } from '../sessions/token-digest.js';
import { MemoryTokenStore } from '../stores/memory/memory.store.js';

const HOUR = 3600;

/** A store across a network whose answers the test can lose, and whose writes others can beat. */
class UnreliableStore extends MemoryTokenStore {
  rotations = 0;
  /** What becomes of the next rotation: its answer is lost, or the call is; undefined: nothing bad. */
  next: 'answer lost' | 'call lost' | 'refused' | undefined;
  beforeRotation: (() => Promise<unknown>) | undefined;
  isAway = false;
  /** What a clock of its own says of the age of rotations. */
  rotatedAgo: number | undefined;

  override find(key: SessionKey): SessionRecord | undefined {
    if (this.isAway) throw new StoreUnavailableError();
    const record = super.find(key);
    return record && { ...record, rotatedAgo: this.rotatedAgo };
  }

  override async rotate(record: SessionRecord, pair: TokenPair): Promise<boolean> {
    const { next, beforeRotation } = this;
    this.next = undefined;
    this.beforeRotation = undefined;
    await beforeRotation?.();
    if (next === 'call lost') throw new StoreUnavailableError();
    if (next === 'refused') throw new StoreUnavailableError('It answered 500.', 1, { answered: true });
    this.rotations++;
    const rotated = await super.rotate(record, pair);
    if (next === 'answer lost') throw new StoreUnavailableError();
    return rotated;
  }
}

function create(config: Partial<FastauthConfig> = {}) {
  const store = new UnreliableStore();
  const one = createTokenService(config, store);
  // A second process on the same store and, unless it is moved, the same time.
  const two = createTokenService(config, store);
  return { store, one, two };
}

describe('a rotation whose outcome nobody heard', () => {
  it.each(['one', 'two'] as const)(
    'that was saved answers the retry, on process %s, with the saved pair',
    async (process) => {
      const services = create({ refreshGrace: 10 });
      const { refreshToken, clientId } = await services.one.service.issue();
      services.store.next = 'answer lost';
      await expect(services.one.service.refresh(refreshToken)).rejects.toThrow(StoreUnavailableError);
      services.one.clock.advance(9);
      services.two.clock.advance(9);
      const answer = await services[process].service.refresh(refreshToken);
      const [stored] = await services.store.list(clientId);
      expect(stored).toMatchObject({
        generation: 1,
        accessHash: digestOf(answer.accessToken),
        refreshHash: digestOf(answer.refreshToken),
      });
      await services.two.service.verify(answer.accessToken);
      expect(services.store.rotations).toBe(1);
    },
  );

  it('answers, after a stall longer than the window, a client that repeated all the time as it was told', async () => {
    const { store, one } = create({ refreshGrace: 10 });
    const { refreshToken } = await one.service.issue();
    store.next = 'answer lost';
    await expect(one.service.refresh(refreshToken)).rejects.toThrow(StoreUnavailableError);
    store.isAway = true;
    for (let repeat = 0; repeat < 6; repeat++) {
      one.clock.advance(5);
      await expect(one.service.refresh(refreshToken)).rejects.toThrow(StoreUnavailableError);
    }
    store.isAway = false;
    one.clock.advance(5);
    const { accessToken } = await one.service.refresh(refreshToken);
    await one.service.verify(accessToken);
    // Answered once, the window is over for everybody.
    await expect(one.service.refresh(refreshToken)).rejects.toThrow(InvalidGrantError);
    await expect(one.service.verify(accessToken)).rejects.toThrow();
  });

  it.each<[string, (services: ReturnType<typeof create>) => void]>([
    ['who first asked after the window', ({ one }) => one.clock.advance(11)],
    ['who asked within the window and stopped for longer than it is', () => undefined],
  ])('answers nobody %s, whatever stalls since', async (_, before) => {
    const services = create({ refreshGrace: 10 });
    const { store, one, two } = services;
    const { refreshToken } = await one.service.issue();
    const { accessToken } = await two.service.refresh(refreshToken);
    before(services);
    store.isAway = true;
    await expect(one.service.refresh(refreshToken)).rejects.toThrow(StoreUnavailableError);
    store.isAway = false;
    one.clock.advance(11);
    two.clock.advance(11);
    await expect(one.service.refresh(refreshToken)).rejects.toThrow(InvalidGrantError);
    await expect(two.service.verify(accessToken)).rejects.toThrow();
  });

  it('that was not saved consumed nothing', async () => {
    const { store, one, two } = create();
    const { accessToken, refreshToken } = await one.service.issue();
    store.next = 'call lost';
    await expect(one.service.refresh(refreshToken)).rejects.toThrow(StoreUnavailableError);
    await two.service.verify(accessToken);
    expect((await two.service.refresh(refreshToken)).refreshToken).not.toBe(refreshToken);
  });

  it('that the store refused is "Token not saved", and consumed nothing', async () => {
    const { store, one } = create();
    const { accessToken, refreshToken } = await one.service.issue();
    store.next = 'refused';
    await expect(one.service.refresh(refreshToken)).rejects.toThrow(TokenNotSavedError);
    await one.service.verify(accessToken);
    await one.service.refresh(refreshToken);
  });
});

describe('a rotation that another process beat', () => {
  it('reads again and answers with the pair of the winner', async () => {
    const { store, one, two } = create();
    const { refreshToken } = await one.service.issue();
    const winner: Promise<unknown>[] = [];
    store.beforeRotation = () => {
      winner.push(two.service.refresh(refreshToken));
      return winner[0] as Promise<unknown>;
    };
    const loser = await one.service.refresh(refreshToken);
    expect(await winner[0]).toEqual(loser);
    expect(one.emitted.filter(({ type }) => type === 'token.refreshed')).toEqual([]);
  });

  it('is refused when what beat it was a revocation', async () => {
    const { store, one, two } = create();
    const tokens = await one.service.issue();
    store.beforeRotation = () => two.service.revoke(tokens);
    await expect(one.service.refresh(tokens.refreshToken)).rejects.toThrow(InvalidGrantError);
    await expect(one.service.verify(tokens.accessToken)).rejects.toThrow('session was revoked');
  });

  it('gives up with 503 after three rounds that found the token current and lost', async () => {
    let reads = 0;
    class Lagging extends MemoryTokenStore {
      override find(key: SessionKey) {
        reads++;
        return super.find(key);
      }
      override async rotate(): Promise<boolean> {
        return false;
      }
    }
    const { service } = createTokenService({}, new Lagging());
    const { refreshToken } = await service.issue();
    await expect(service.refresh(refreshToken)).rejects.toThrow(StoreUnavailableError);
    expect(reads).toBe(3);
  });

  it('is tried once for any number of simultaneous refreshes in one process', async () => {
    const { store, one } = create();
    const { refreshToken } = await one.service.issue();
    const answers = await Promise.all(Array.from({ length: 1000 }, () => one.service.refresh(refreshToken)));
    expect(new Set(answers.map((answer) => answer.accessToken)).size).toBe(1);
    expect(store.rotations).toBe(1);
  });
});

describe('the grace window and clocks', () => {
  it('is not extended by answers within it', async () => {
    const { service, clock } = createTokenService({ refreshGrace: 10 });
    const { refreshToken } = await service.issue();
    await service.refresh(refreshToken);
    clock.advance(9.5);
    await service.refresh(refreshToken);
    clock.advance(0.5);
    await expect(service.refresh(refreshToken)).rejects.toThrow(InvalidGrantError);
  });

  it('is not extended by a clock that is set back, and nobody is taken for a thief for that', async () => {
    const { service, clock } = createTokenService({ refreshGrace: 10, clockTolerance: 5 });
    const { refreshToken } = await service.issue();
    clock.advance(2 * HOUR);
    const successor = await service.refresh(refreshToken);
    clock.advance(-HOUR);
    await expect(service.refresh(refreshToken)).rejects.toThrow(InvalidGrantError);
    clock.advance(HOUR + 2);
    await service.verify(successor.accessToken);
  });

  it('holds between processes whose clocks differ by less than the tolerance', async () => {
    const { one, two } = create({ refreshGrace: 10, clockTolerance: 5 });
    two.clock.advance(-4);
    const { refreshToken } = await one.service.issue();
    const successor = await one.service.refresh(refreshToken);
    expect(await two.service.refresh(refreshToken)).toEqual(successor);
    await two.service.verify(successor.accessToken);
  });

  it.each([
    ['ahead by more than the window is long', 3600, 1, true],
    ['behind', -4, 11, false],
    ['right, the store having been slow', 11, 0.5, true],
  ])(
    'is counted by the clock of a store that has one; the process is %s',
    async (_, ahead, ago, isAnswered) => {
      const { store, one, two } = create({ refreshGrace: 10 });
      const issued = await one.service.issue();
      const next = await one.service.refresh(issued.refreshToken);
      two.clock.advance(ahead);
      store.rotatedAgo = ago;
      const repeat = two.service.refresh(issued.refreshToken);
      if (isAnswered) await expect(repeat).resolves.toMatchObject({ refreshToken: next.refreshToken });
      else await expect(repeat).rejects.toThrow(InvalidGrantError);
      store.rotatedAgo = undefined;
      const isLive = await one.service.verify(next.accessToken).then(
        () => true,
        () => false,
      );
      expect(isLive).toBe(isAnswered);
    },
  );

  it('revives no token when the clock is set back', async () => {
    const { service, clock } = createTokenService({ refreshGrace: 10 });
    const first = await service.issue({ clientId: 'c' });
    const second = await service.refresh(first.refreshToken);
    const third = await service.refresh(second.refreshToken);
    const revoked = await service.issue({ clientId: 'd' });
    await service.revoke(revoked);
    clock.advance(-HOUR);
    for (const { accessToken } of [first, second, revoked]) {
      await expect(service.verify(accessToken)).rejects.toThrow();
    }
    for (const { refreshToken } of [first, second, revoked]) {
      await expect(service.refresh(refreshToken)).rejects.toThrow(InvalidGrantError);
    }
    clock.advance(HOUR);
    await expect(service.verify(second.accessToken)).rejects.toThrow('token was refreshed');
    await service.verify(third.accessToken);
  });

  it('of a strict process gives no pair on a lenient one, and takes nobody for a thief within the window', async () => {
    const store = new MemoryTokenStore();
    const strict = createTokenService({ refreshGrace: 0 }, store);
    const lenient = createTokenService({ refreshGrace: 10 }, store, strict.clock);
    const { refreshToken } = await strict.service.issue();
    const successor = await strict.service.refresh(refreshToken);
    strict.clock.advance(5);
    await expect(lenient.service.refresh(refreshToken)).rejects.toThrow(InvalidGrantError);
    await lenient.service.verify(successor.accessToken);
    strict.clock.advance(5);
    await expect(lenient.service.refresh(refreshToken)).rejects.toThrow(InvalidGrantError);
    await expect(lenient.service.verify(successor.accessToken)).rejects.toThrow('session was revoked');
  });
});

describe('lifetimes', () => {
  it('are carried over any number of refreshes, at whatever time', async () => {
    const { service, clock } = createTokenService();
    let tokens = await service.issue({ accessTokenExpiresIn: 77, refreshTokenExpiresIn: 777 });
    for (const seconds of [0, 0.4, 13.7, 1, 600.2]) {
      clock.advance(seconds);
      tokens = await service.refresh(tokens.refreshToken);
      expect(tokens.accessExpiresAt).toBe(Math.floor(clock.seconds) + 77);
      expect(tokens.refreshExpiresAt).toBe(Math.floor(clock.seconds) + 777);
    }
  });

  it('end with the family, and grow back for nobody', async () => {
    const { service, clock } = createTokenService({ familyMaxAge: 100 });
    const { refreshToken } = await service.issue({ accessTokenExpiresIn: 60, refreshTokenExpiresIn: 90 });
    clock.advance(80);
    const second = await service.refresh(refreshToken);
    clock.advance(5);
    const third = await service.refresh(second.refreshToken);
    for (const { accessExpiresAt, refreshExpiresAt } of [second, third]) {
      expect(accessExpiresAt - clock.seconds).toBe(15);
      expect(refreshExpiresAt - clock.seconds).toBe(15);
    }
    clock.advance(15);
    await expect(service.refresh(third.refreshToken)).rejects.toThrow(InvalidGrantError);
  });

  it('keep the tombstone as long as a token of the session could be presented', async () => {
    const { service, store, clock } = createTokenService();
    const tokens = await service.issue({ accessTokenExpiresIn: 60, refreshTokenExpiresIn: 600 });
    await service.revoke(tokens);
    expect(await store.sweep(Math.floor(clock.seconds) + 600, 10)).toBe(0);
    clock.advance(600);
    await expect(service.refresh(tokens.refreshToken)).rejects.toThrow(InvalidGrantError);
    expect(await store.sweep(Math.floor(clock.seconds) + 1, 10)).toBe(1);
  });
});
