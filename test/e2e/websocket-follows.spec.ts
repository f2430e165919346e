import { afterEach, describe, expect, it } from '@jest/globals';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { AccessOnly, TokenService } from '../../src/index.js';
import { startApp, type TestApp } from '../support/app.js';
import { until } from '../support/io-app.js';
import { COMBINATIONS } from '../support/socket-platforms.js';
import { TestGateway } from '../support/test-gateway.js';

let app: TestApp | undefined;
afterEach(async () => {
  await app?.close();
  app = undefined;
});

describe.each(COMBINATIONS)('a socket of %s on %s that follows its session', (_name, adapter, platform) => {
  const start = async (websocketFollows: 'token' | 'session'): Promise<TestApp> => {
    @AccessOnly()
    @WebSocketGateway(platform.at('/sockets'))
    class Gateway extends TestGateway {
      @AccessOnly()
      @SubscribeMessage('guarded')
      guarded(): object {
        return { event: 'guarded', data: 'yes' };
      }
    }
    return (app = await startApp({
      adapter,
      providers: [Gateway],
      fastauth: {
        websocketFollows,
        websocketReauthenticationGrace: 0,
        accessTokenExpiresIn: 60,
        refreshTokenExpiresIn: 3600,
      },
      configure: (nest) => nest.useWebSocketAdapter(platform.adapter(nest)),
    }));
  };
  const enter = async ({ url, issue }: TestApp) => {
    const pair = await issue('ada');
    const client = platform.connect(url, '/sockets', { headers: { 'ACCESS-TOKEN': pair.access_token } });
    expect(await client.refused()).toBeUndefined();
    return { client, pair };
  };
  const isServed = async (client: { emit(event: string): void; next(event: string): Promise<unknown> }) => {
    client.emit('guarded');
    expect(await client.next('guarded')).toBe('yes');
  };
  const turn = (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, 150));

  it('outlives refreshes and its access token, and ends with the session', async () => {
    const { post, clock } = await start('session');
    const { client, pair } = await enter(app as TestApp);
    const refreshed = await post('/auth/token/refresh', { refresh_token: pair.refresh_token });
    expect(refreshed.status).toBe(200);
    await turn();
    await isServed(client);
    clock.advance(70);
    await turn();
    await isServed(client);
    clock.advance(3600);
    expect(await client.ended()).toMatchObject({ code: 'token_expired' });
    client.close();
  });

  it('ends when the session is revoked, or another one takes its place', async () => {
    const { app: nest } = await start('session');
    const revoked = await enter(app as TestApp);
    await nest.get(TokenService).revokeClient('ada');
    expect(await revoked.client.ended()).toMatchObject({ code: 'session_revoked' });
    const superseded = await enter(app as TestApp);
    await (app as TestApp).issue('ada');
    expect(await superseded.client.ended()).toMatchObject({ code: 'session_superseded' });
    for (const { client } of [revoked, superseded]) client.close();
  });

  it('ends with a refresh where it follows the token, as by default', async () => {
    const { post } = await start('token');
    const { client, pair } = await enter(app as TestApp);
    await post('/auth/token/refresh', { refresh_token: pair.refresh_token });
    expect(await client.ended()).toMatchObject({ code: 'token_superseded' });
    await until(() => !client.isOpen);
    client.close();
  });
});
