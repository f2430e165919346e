import { Query, Resolver, Subscription } from '@nestjs/graphql';
import { WsAdapter } from '@nestjs/platform-ws';
import { WebSocketGateway } from '@nestjs/websockets';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { AccessOnly, CurrentPrincipal, type Principal } from '../../src/index.js';
import { freePort } from '../support/documented-app.js';
import { GRAPHQL_DRIVERS, type GraphqlApp, startGraphqlApp } from '../support/graphql-app.js';
import { TestSocket } from '../support/sockets.js';
import { TestGateway } from '../support/test-gateway.js';

const PORT = await freePort();

@AccessOnly()
@Resolver()
class Names {
  @Query(() => String)
  name() {
    return 'name';
  }

  @Subscription(() => String)
  async *mine(@CurrentPrincipal() principal: Principal) {
    yield { mine: principal.clientId };
  }
}

/** On a port of its own: on the application's, each side ends the other's upgrades. */
@AccessOnly()
@WebSocketGateway(PORT, { path: '/live' })
class LiveGateway extends TestGateway {}

describe.each(GRAPHQL_DRIVERS)('a gateway of ws beside subscriptions: $name', (driver) => {
  let app: GraphqlApp | undefined;
  afterEach(async () => {
    await app?.close();
    app = undefined;
  });

  it('serves both, each with its own refusals', async () => {
    app = await startGraphqlApp(driver, {
      providers: [Names, LiveGateway],
      configure: (nest) => nest.useWebSocketAdapter(new WsAdapter(nest)),
    });
    const { access_token: token } = await app.issue('ada');
    const headers = { 'ACCESS-TOKEN': token };
    const live = `http://localhost:${PORT}/live`;
    const subscribe = async (connectionParams: Record<string, string>): Promise<unknown> => {
      const client = createClient({
        url: `${app?.url.replace('http', 'ws')}/graphql`,
        webSocketImpl: WebSocket,
        connectionParams,
        retryAttempts: 0,
      });
      try {
        for await (const answer of client.iterate({ query: 'subscription { mine }' })) return answer;
        return undefined;
      } catch (errors) {
        // Mercurius ends the subscription by what Apollo answers.
        return { errors };
      } finally {
        await client.dispose();
      }
    };
    expect(await subscribe({ Authorization: `Bearer ${token}` })).toEqual({ data: { mine: 'ada' } });
    expect(await subscribe({})).toMatchObject({
      errors: [{ extensions: { fastauth: { code: 'missing_token' } } }],
    });
    const socket = TestSocket.open(live, { headers });
    expect(await socket.frame(0)).toEqual({ event: 'hello', data: 'you are in' });
    socket.send({ event: 'whoami' });
    expect(await socket.frame(1)).toMatchObject({ event: 'whoami', data: { client: 'ada' } });
    socket.close();
    const refused = TestSocket.open(live);
    expect([await refused.closed(), refused.closeReason]).toEqual([1008, 'missing_token']);
  });
});
