import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '../../test/support/fake-clock.js';
import { createTokenService, SECRET } from '../../test/support/token-service.js';
import { InvalidRequestError, InvalidScopeError } from '../errors.js';
import { digestOf } from '../sessions/token-digest.js';
import { MemoryTokenStore } from '../stores/memory/memory.store.js';
import type { TokenStore } from '../sessions/token-store.js';
import { createHmac } from 'node:crypto';
import type { IssuanceClient, IssuanceDefaults } from './issuance-defaults.js';

const payloadOf = (token: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split('.')[1] as string, 'base64url').toString()) as Record<string, unknown>;

type Options = Parameters<typeof createTokenService>[0];

describe.each(['jwt', 'jwe', 'opaque'] as const)('the scope of a session, written as %s', (tokenFormat) => {
  const start = (config: Options = {}, defaultsOf?: (client: IssuanceClient) => IssuanceDefaults) =>
    createTokenService(
      { tokenFormat, sessionsPerClient: Infinity, ...config },
      undefined,
      new FakeClock(),
      defaultsOf,
    );

  it('is in the principal, the claims, the answer, introspection, the list and the event', async () => {
    const { service, emitted, clock } = start();
    const tokens = await service.issue({ clientId: 'c', scopes: ['b:read', 'a', 'b:read'] });
    expect(tokens.scope).toBe('b:read a');
    const principal = await service.verify(tokens.accessToken);
    expect(principal).toMatchObject({ scopes: ['b:read', 'a'], claims: { scope: 'b:read a' } });
    expect(principal.authTime).toBe(clock.seconds);
    expect(() => (principal.scopes as string[]).push('x')).toThrow(TypeError);
    for (const token of [tokens.accessToken, tokens.refreshToken]) {
      expect(await service.introspect(token)).toMatchObject({
        claims: { scope: 'b:read a', auth_time: clock.seconds },
      });
    }
    expect(await service.sessions('c')).toMatchObject([{ scopes: ['b:read', 'a'] }]);
    expect(emitted).toMatchObject([{ type: 'token.issued', scope: 'b:read a' }]);
  });

  it('is nowhere where there is none', async () => {
    const { service, emitted } = start();
    for (const scopes of [undefined, []]) {
      const first = await service.issue({ clientId: 'c', scopes });
      expect(first).not.toHaveProperty('scope');
      const { claims, scopes: none } = await service.verify(first.accessToken);
      expect([claims['scope'], none]).toEqual([undefined, []]);
      await expect(service.refresh(first.refreshToken, { scopes: ['a'] })).rejects.toThrow(InvalidScopeError);
      const second = await service.refresh(first.refreshToken);
      expect(second).not.toHaveProperty('scope');
      expect((await service.verify(second.accessToken)).scopes).toEqual([]);
    }
    expect(emitted.filter((event) => 'scope' in event)).toEqual([]);
  });

  it('is narrowed for one access token; the next may have all again, never more', async () => {
    const { service, emitted, clock } = start();
    const began = clock.seconds;
    const first = await service.issue({ clientId: 'c', scopes: ['a', 'b', 'c'] });
    clock.advance(60);
    const second = await service.refresh(first.refreshToken, { scopes: ['c', 'a'] });
    expect(second.scope).toBe('c a');
    expect(await service.verify(second.accessToken)).toMatchObject({ scopes: ['c', 'a'], authTime: began });
    expect(await service.introspect(second.accessToken)).toMatchObject({ claims: { scope: 'c a' } });
    expect(await service.introspect(second.refreshToken)).toMatchObject({ claims: { scope: 'a b c' } });
    expect(await service.sessions('c')).toMatchObject([{ scopes: ['a', 'b', 'c'] }]);
    expect(emitted.at(-1)).toMatchObject({ type: 'token.refreshed', scope: 'c a' });

    for (const scopes of [['a', 'd'], ['a b'], [''], 'a' as never, ['A']]) {
      await expect(service.refresh(second.refreshToken, { scopes })).rejects.toThrow(InvalidScopeError);
    }
    const nothing = await service.refresh(second.refreshToken, { scopes: [] });
    expect(nothing.scope).toBe('');
    expect(await service.verify(nothing.accessToken)).toMatchObject({ scopes: [] });
    const all = await service.refresh(nothing.refreshToken);
    expect(all.scope).toBe('a b c');
    expect(await service.verify(all.accessToken)).toMatchObject({ scopes: ['a', 'b', 'c'], authTime: began });
  });

  it('gives a twin in the grace the first answer, whatever the twin asks, also after the token expired', async () => {
    const { service, clock } = start({ clockTolerance: 0 });
    const first = await service.issue({ clientId: 'c', scopes: ['a', 'b'], accessTokenExpiresIn: 2 });
    const answer = await service.refresh(first.refreshToken, { scopes: ['a'] });
    clock.advance(5);
    for (const scopes of [undefined, ['a', 'b'], ['z']]) {
      expect(await service.refresh(first.refreshToken, { scopes })).toEqual(answer);
    }
    expect(answer.scope).toBe('a');
  });

  it('refuses who asks for too much alone: simultaneous twins that do not are answered, all the same', async () => {
    const { service } = start();
    const { refreshToken } = await service.issue({ clientId: 'c', scopes: ['a', 'b'] });
    const [tooMuch, ...others] = await Promise.allSettled(
      [['admin'], undefined, ['a'], undefined, ['a']].map((scopes) =>
        service.refresh(refreshToken, { scopes }),
      ),
    );
    expect(tooMuch).toMatchObject({ status: 'rejected', reason: expect.any(InvalidScopeError) as unknown });
    const answers = others.map((other) => other.status === 'fulfilled' && other.value);
    expect(new Set(answers.map((each) => JSON.stringify(each))).size).toBe(1);
    const { accessToken, scope } = answers[0] as { accessToken: string; scope: string };
    expect((await service.verify(accessToken)).scopes.join(' ')).toBe(scope);
  });

  it('comes from issuanceDefaults where issue is not told, and leaves the access token with them', async () => {
    let defaults: IssuanceDefaults = { scopes: ['a', 'b'] };
    const asked: IssuanceClient[] = [];
    const { service } = start({}, (client) => {
      asked.push(client);
      return defaults;
    });
    const first = await service.issue({ clientId: 'c' });
    expect(first.scope).toBe('a b');
    defaults = { scopes: ['b', 'admin'] };
    const second = await service.refresh(first.refreshToken);
    expect(second.scope).toBe('b');
    defaults = {};
    const third = await service.refresh(second.refreshToken);
    expect(third.scope).toBe('');
    expect((await service.verify(third.accessToken)).scopes).toEqual([]);
    defaults = { scopes: ['a', 'b', 'admin'] };
    const fourth = await service.refresh(third.refreshToken, { scopes: ['a'] });
    expect(fourth.scope).toBe('a');
    await expect(service.refresh(fourth.refreshToken, { scopes: ['admin'] })).rejects.toThrow(
      InvalidScopeError,
    );
    expect(asked.map(({ scopes }) => scopes)).toEqual([undefined, ...[1, 2, 3].map(() => ['a', 'b'])]);
    defaults = { scopes: 'a' as never };
    await expect(service.refresh(fourth.refreshToken)).rejects.toThrow(InvalidScopeError);
  });

  it('stays as issue was told where issuanceDefaults say nothing of it, and is narrowed where they do', async () => {
    let defaults: IssuanceDefaults = {};
    const { service } = start({}, () => defaults);
    const first = await service.issue({ clientId: 'c', scopes: ['a', 'b'] });
    const second = await service.refresh(first.refreshToken);
    expect(second.scope).toBe('a b');
    defaults = { scopes: ['a', 'z'] };
    const third = await service.refresh(second.refreshToken);
    expect(third.scope).toBe('a');
    defaults = {};
    expect((await service.refresh(third.refreshToken)).scope).toBe('a b');
  });

  it('is one of the configured scopes', async () => {
    const { service } = start({ scopes: { a: 'A' } });
    await expect(service.issue({ scopes: ['a'] })).resolves.toMatchObject({ scope: 'a' });
    await expect(service.issue({ scopes: ['a', 'b'] })).rejects.toThrow(InvalidRequestError);
  });

  it('is read from the claim of that name, too', async () => {
    const { service } = start();
    await expect(service.issue({ claims: { scope: 'a b' } })).resolves.toMatchObject({ scope: 'a b' });
  });

  it('refuses a claim of that name that is no scope', async () => {
    const { service } = start();
    await expect(service.issue({ claims: { scope: 'a"' } })).rejects.toThrow(InvalidRequestError);
    await expect(service.issue({ claims: { scope: ['a'] } })).rejects.toThrow(/scope are set by fastauth/);
  });
});

it('a session outlives a change of the format with its scope', async () => {
  const store: TokenStore = new MemoryTokenStore();
  const of = (tokenFormat: 'jwt' | 'opaque') =>
    createTokenService({ tokenFormat, acceptedTokenFormats: ['jwt', 'opaque'] }, store).service;
  const first = await of('jwt').issue({ clientId: 'c', scopes: ['a', 'b'] });
  const second = await of('opaque').refresh(first.refreshToken, { scopes: ['a'] });
  expect((await of('jwt').verify(second.accessToken)).scopes).toEqual(['a']);
  const third = await of('jwt').refresh(second.refreshToken);
  expect((await of('opaque').verify(third.accessToken)).scopes).toEqual(['a', 'b']);
});

it('a claim scope of before, which was the application’s own, is a scope as far as it can be one', async () => {
  const { service, store, clock } = createTokenService();
  const begin = async (scope: unknown): Promise<string> => {
    const { accessToken, refreshToken, familyId } = await service.issue({ clientId: 'c' });
    const { jti: _, ...claims } = payloadOf(refreshToken);
    const input = [
      { alg: 'HS256', typ: 'JWT' },
      { ...claims, jti: 'x', scope },
    ]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    const old = `${input}.${createHmac('sha256', SECRET).update(input).digest('base64url')}`;
    const record = await store.find({ clientId: 'c', familyId });
    if (!record) throw new Error('There is no session.');
    await store.insert(
      { ...record, refreshHash: digestOf(old), createdAt: clock.seconds },
      { accessToken, refreshToken: old },
      Infinity,
    );
    return old;
  };
  expect((await service.refresh(await begin('a  "b" c'))).scope).toBe('a c');
  expect(await service.refresh(await begin(['a']))).not.toHaveProperty('scope');
});
