// A token that no handshake needs may be needed by a message: then it counts as what it is, not as none.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { AccessOnly, AnyOf, MasterOnly, OptionalAccess, Scopes, TokenService } from '../../src/index.js';
import { startApp, type TestApp } from '../support/app.js';
import { COMBINATIONS, type TestClient } from '../support/socket-platforms.js';
import { TestGateway } from '../support/test-gateway.js';

describe.each(COMBINATIONS)('messages to an open gateway of %s on %s', (_name, adapter, platform) => {
  @WebSocketGateway(platform.at('/mixed'))
  class MixedGateway extends TestGateway {
    @OptionalAccess()
    @SubscribeMessage('news')
    news() {
      return { event: 'told', data: 'news' };
    }

    @AccessOnly()
    @SubscribeMessage('mine')
    mine() {
      return { event: 'told', data: 'mine' };
    }

    @AnyOf(MasterOnly(), Scopes('s'))
    @SubscribeMessage('either')
    either() {
      return { event: 'told', data: 'either' };
    }
  }

  let app: TestApp;
  const clients: TestClient[] = [];
  const connect = (token?: string) => connectWith(token ? { 'access-token': token } : {});
  const connectWith = async (headers: Record<string, string>): Promise<TestClient> => {
    const client = platform.connect(app.url, '/mixed', { headers });
    clients.push(client);
    expect(await client.refused()).toBeUndefined();
    return client;
  };

  beforeAll(async () => {
    app = await startApp({
      adapter,
      providers: [MixedGateway],
      configure: (nest) => nest.useWebSocketAdapter(platform.adapter(nest)),
    });
  });
  afterAll(async () => {
    for (const client of clients) client.close();
    await app.close();
  });

  it('that came with a bad token are refused for what it is', async () => {
    const tokens = app.app.get(TokenService);
    const superseded = await tokens.issue({ clientId: 'a' });
    await tokens.refresh(superseded.refreshToken);
    const revoked = await tokens.issue({ clientId: 'b' });
    await tokens.revokeClient('b');
    for (const [token, code] of [
      [superseded.accessToken, 'token_superseded'],
      [revoked.accessToken, 'session_revoked'],
      [`${superseded.accessToken}x`, 'invalid_token'],
    ] as const) {
      const client = await connect(token);
      for (const message of ['news', 'mine', 'either']) {
        client.emit(message, {});
        expect(await client.next('exception')).toMatchObject({ code });
      }
    }
  });

  it('that came with a wrong master token are refused for it, and admitted by the other', async () => {
    const { accessToken } = await app.app.get(TokenService).issue({ clientId: 'd', scopes: ['s'] });
    const client = await connectWith({ 'master-token': 'wrong', 'access-token': accessToken });
    client.emit('reboot', {});
    expect(await client.next('exception')).toMatchObject({ code: 'invalid_token' });
    client.emit('mine', {});
    expect(await client.next('told')).toBe('mine');
    const other = await connectWith({ 'master-token': 'wrong' });
    other.emit('either', {});
    expect(await other.next('exception')).toMatchObject({ code: 'invalid_token' });
  });

  it('that came with none miss it, the access token first', async () => {
    const client = await connect();
    client.emit('news', {});
    expect(await client.next('told')).toBe('news');
    for (const message of ['mine', 'either']) {
      client.emit(message, {});
      const refusal = await client.next('exception');
      expect(refusal).toMatchObject({ code: 'missing_token' });
      expect(JSON.stringify(refusal)).toContain('Access Token is null');
    }
  });

  it('are answered once a good token was presented', async () => {
    const tokens = app.app.get(TokenService);
    const first = await tokens.issue({ clientId: 'c', scopes: ['s'] });
    const { accessToken } = await tokens.refresh(first.refreshToken);
    const client = await connect(first.accessToken);
    client.emit('fastauth.authenticate', { access_token: accessToken });
    expect(await client.next('fastauth.authenticate')).toMatchObject({ status: 'success' });
    for (const message of ['news', 'mine', 'either']) {
      client.emit(message, {});
      expect(await client.next('told')).toBe(message);
    }
  });
});
