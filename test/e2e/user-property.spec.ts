import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Req } from '@nestjs/common';
import { AccessOnly, OptionalAccess, type Principal } from '../../src/index.js';
import { ADAPTERS, startApp, type TestApp } from '../support/app.js';

interface PassportRequest {
  readonly user?: Principal;
}

@Controller()
class LegacyController {
  @AccessOnly()
  @Get('me')
  me(@Req() { user }: PassportRequest) {
    return { clientId: user?.clientId };
  }

  @Get('open')
  open(@Req() request: PassportRequest) {
    return { hasUser: request.user !== undefined };
  }

  @OptionalAccess()
  @Get('news')
  news(@Req() request: PassportRequest) {
    return { clientId: request.user?.clientId };
  }
}

describe.each(ADAPTERS)('user-property on %s', (adapter) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp({
      adapter,
      controllers: [LegacyController],
      fastauth: { userProperty: 'user', accessTokenPaths: ['/me'] },
    });
  });
  afterAll(() => app.close());

  it('has the principal where a token was asked for, and nobody elsewhere', async () => {
    const { access_token: token } = await app.issue('ada');
    const headers = { 'ACCESS-TOKEN': token };
    expect((await app.get('/me', headers)).body).toEqual({ clientId: 'ada' });
    expect((await app.get('/news', headers)).body).toEqual({ clientId: 'ada' });
    expect((await app.get('/news')).body).toEqual({});
    expect((await app.get('/open', headers)).body).toEqual({ hasUser: false });
  });
});

it.each(['headers', 'raw', 'on', '__proto__', 'a-b', 'constructor'])(
  '%s refuses to start',
  async (userProperty) => {
    await expect(startApp({ adapter: 'express', fastauth: { userProperty } })).rejects.toThrow(
      /user-?property/i,
    );
  },
);
