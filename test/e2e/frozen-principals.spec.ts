import { Controller, Get } from '@nestjs/common';
import { afterEach, describe, expect, it } from '@jest/globals';
import { AccessOnly, CurrentPrincipal, type Principal, TokenService } from 'nestjs-fastauth';
import { frozenClaims } from '../../src/tokens/frozen-claims.js';
import { ADAPTERS, startApp, type TestApp } from '../support/app.js';

interface Roles {
  roles: string[];
  tenant: { id: string; groups: { name: string }[] };
}

const CLAIMS: Roles = { roles: ['user'], tenant: { id: 'mine', groups: [{ name: 'staff' }] } };

@AccessOnly()
@Controller()
class PromotingController {
  @Get('promote')
  promote(@CurrentPrincipal() principal: Principal): string[] {
    const claims = principal.claims as unknown as Roles;
    const changes = [
      () => claims.roles.push('admin'),
      () => (claims.tenant.id = 'other'),
      () => (claims.tenant.groups[0] = { name: 'root' }),
      () => Reflect.set(claims.tenant.groups[0] as object, 'name', 'root') || fail(),
      () => ((claims as unknown as Record<string, unknown>)['extra'] = true),
      () => ((principal as { clientId: string }).clientId = 'root'),
    ];
    return changes.map((change) => {
      try {
        change();
        return 'changed';
      } catch {
        return 'refused';
      }
    });
  }

  @Get('me')
  me(@CurrentPrincipal() { clientId, claims }: Principal) {
    return { clientId, roles: claims['roles'], tenant: claims['tenant'], extra: claims['extra'] };
  }
}

function fail(): never {
  throw new TypeError();
}

describe.each(ADAPTERS)('a principal, on %s,', (adapter) => {
  let app: TestApp;
  afterEach(() => app.close());

  it.each(['jwt', 'jwe', 'opaque'] as const)(
    'is frozen through and through, so that no handler promotes its client: %s',
    async (tokenFormat) => {
      app = await startApp({ adapter, controllers: [PromotingController], fastauth: { tokenFormat } });
      const tokens = app.app.get(TokenService);
      const { accessToken } = await tokens.issue({ clientId: 'a', claims: { ...CLAIMS } });
      const headers = { 'ACCESS-TOKEN': accessToken };
      for (let n = 0; n < 2; n++) {
        expect((await app.get('/promote', headers)).body).toEqual(Array(6).fill('refused'));
      }
      expect((await app.get('/me', headers)).body).toEqual({ clientId: 'a', ...CLAIMS });
      expect((await tokens.verify(accessToken)).claims).toMatchObject(CLAIMS);
      // What was frozen is the token's own copy.
      expect(Object.isFrozen(CLAIMS.roles) || Object.isFrozen(CLAIMS.tenant)).toBe(false);
    },
  );

  it('is made once for a verified token, and is the same for each request', async () => {
    app = await startApp({ adapter, controllers: [PromotingController] });
    const tokens = app.app.get(TokenService);
    const { accessToken } = await tokens.issue({ clientId: 'a' });
    expect(await tokens.verify(accessToken)).toBe(await tokens.verify(accessToken));
  });
});

it('freezes claims of any depth', () => {
  let claims: Record<string, unknown> = {};
  for (let depth = 0; depth < 100_000; depth++) claims = { inner: claims };
  frozenClaims(claims);
  let frozen = 0;
  for (let at = claims; at['inner'] !== undefined; at = at['inner'] as Record<string, unknown>) {
    if (Object.isFrozen(at)) frozen++;
  }
  expect(frozen).toBe(100_000);
});
