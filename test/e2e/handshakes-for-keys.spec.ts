import { afterEach, describe, expect, it } from '@jest/globals';
import { WebSocketGateway } from '@nestjs/websockets';
import { AccessOnly, KeyProvider } from '../../src/index.js';
import { ADAPTERS, startApp, type TestApp } from '../support/app.js';
import { TestSocket } from '../support/sockets.js';
import { WS } from '../support/socket-platforms.js';
import { TestGateway } from '../support/test-gateway.js';

const STRANGERS = 70;

@AccessOnly()
@WebSocketGateway({ path: '/ws' })
class Gateway extends TestGateway {}

let app: TestApp | undefined;
let answer: (() => void) | undefined;
afterEach(async () => {
  answer?.();
  await app?.close();
  app = undefined;
});

/** The first time at once, and then only when it is told to. */
class SlowProvider extends KeyProvider {
  asked = 0;

  async load() {
    if (this.asked++ > 0) await new Promise<void>((resolve) => (answer = resolve));
    return [{ kid: 'a', secret: 'the secret number one that is long enough', status: 'signing' as const }];
  }
}

describe.each(ADAPTERS)('handshakes on %s whose tokens name unknown keys', (adapter) => {
  it(`wait for the key provider without holding the places of others, and no more than a few of ${STRANGERS}`, async () => {
    app = await startApp({
      adapter,
      providers: [Gateway],
      fastauth: {
        cryptographyKey: undefined,
        keyProvider: new SlowProvider(),
        failedAttemptsPerAddress: 0,
      },
      configure: (nest) => nest.useWebSocketAdapter(WS.adapter(nest)),
    });
    const { url, issue } = app;
    const good = (await issue('ada')).access_token;
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const claims = { client_id: 'x', type: 'access', exp: 9e9 };
    const forged = `${part({ alg: 'HS256', typ: 'JWT', kid: 'zzz' })}.${part(claims)}.${'A'.repeat(43)}`;
    const enter = (token: string): TestSocket =>
      TestSocket.open(`${url}/ws`, { headers: { 'ACCESS-TOKEN': token } });
    const strangers = Array.from({ length: STRANGERS }, () => enter(forged));
    const refused = (): TestSocket[] => strangers.filter(({ frames }) => frames.length > 0);
    while (refused().length < STRANGERS - 32) await new Promise((resolve) => setTimeout(resolve, 5));
    for (const { frames } of refused()) expect(frames[0]).toContain('Try again later');
    const client = enter(good);
    expect(await client.frame(0)).toMatchObject({ event: 'hello' });
    expect(refused()).toHaveLength(STRANGERS - 32);
    answer?.();
    for (const stranger of strangers) expect(await stranger.closed()).toBeGreaterThan(1000);
    for (const each of [client, ...strangers]) each.close();
  });
});
