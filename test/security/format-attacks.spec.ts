import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import { WsAdapter } from '@nestjs/platform-ws';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { compactDecrypt } from 'jose';
import { AccessOnly } from '../../src/index.js';
import { ActiveKeyRing } from '../../src/keys/active-key-ring.js';
import { ADAPTERS, type AdapterName, MASTER_TOKEN, startApp, type TestApp } from '../support/app.js';
import { type Attacks, jweAttacks, jwtAttacks, opaqueAttacks } from '../support/format-attacks.js';
import { FORMAT_CASES } from '../support/rings.js';
import { TestSocket } from '../support/sockets.js';
import { Stopwatch } from '../support/stopwatch.js';

@AccessOnly()
@Controller()
class GuardedController {
  @Get('guarded')
  guarded() {
    return 'in';
  }
}

@AccessOnly()
@WebSocketGateway({ path: '/ws' })
class EchoGateway {
  @SubscribeMessage('echo')
  echo() {
    return { event: 'echo', data: 'in' };
  }
}

/** No answer takes as long as a key derivation of a hostile number of rounds. */
const SOON_MS = 1000;

// As the behaviour of the formats: they take turns on the adapters.
describe.each(
  FORMAT_CASES.map((format, index) => ({ ...format, adapter: ADAPTERS[(index + 1) % 2] as AdapterName })),
)('attacks on tokens written as $name, on $adapter', ({ config, ring: makeRing, adapter }) => {
  const ring = makeRing();
  let app: TestApp;
  const opened = new Map<string, string>();
  const openToken = (token: string): string => opened.get(token) ?? '';
  const attacks: Attacks =
    config.tokenFormat === 'jwe'
      ? jweAttacks(ring, openToken)
      : config.tokenFormat === 'opaque'
        ? opaqueAttacks(ring)
        : jwtAttacks(ring.signingKey);

  beforeAll(async () => {
    app = await startApp({
      adapter,
      controllers: [GuardedController],
      providers: [EchoGateway],
      fastauth: { failedAttemptsPerAddress: 0, failedAttemptsPerClient: 0, ...config },
      configure: (nest) => nest.useWebSocketAdapter(new WsAdapter(nest)),
      override: (builder) => builder.overrideProvider(ActiveKeyRing).useValue(new ActiveKeyRing(ring)),
    });
  });
  afterAll(() => app.close());

  /** A fresh pair; of encrypted ones the inside, too, as its owner's service could read it. */
  async function freshPair(): Promise<{ access: string; refresh: string }> {
    const { access_token: access, refresh_token: refresh } = await app.issue('victim');
    if (config.tokenFormat === 'jwe') {
      const [key] = ring.decryptionCandidates(ring.encryptionKey?.kid);
      for (const token of [access, refresh]) {
        const { plaintext } = await compactDecrypt(token, key?.acceptingKey as never);
        opened.set(token, Buffer.from(plaintext).toString());
      }
    }
    return { access, refresh };
  }

  it.each(Object.entries(attacks))(
    '%s: refused by guard, refresh, introspection, revocation and socket',
    async (name, attack) => {
      const { access, refresh } = await freshPair();
      const forged = { access: attack(access), refresh: attack(refresh) };
      expect([forged.access, forged.refresh]).not.toEqual([access, refresh]);
      const before = new Stopwatch();
      const guarded = await app.get('/guarded', { 'ACCESS-TOKEN': forged.access });
      // Longer than a server takes headers to be, on its own account.
      expect(forged.access.length > 12_000 ? [401, 431] : [401]).toContain(guarded.status);
      const refreshed = await app.post('/auth/token/refresh', { refresh_token: forged.refresh });
      expect([refreshed.status, refreshed.body.message]).toEqual([401, 'Invalid refresh token']);
      for (const token of [forged.access, forged.refresh]) {
        const master = { 'MASTER-TOKEN': MASTER_TOKEN };
        expect((await app.post('/auth/token/introspect', { token }, master)).body).toEqual({ active: false });
        // RFC 7009: no error for what is no token; but nothing is revoked by it.
        expect((await app.post('/auth/token/revoke', { token })).status).toBe(200);
      }
      const socket = TestSocket.open(`${app.url}/ws`, { headers: { 'ACCESS-TOKEN': forged.access } });
      expect([1008, 1006]).toContain(await socket.closed());
      expect(before.ms).toBeLessThan(6 * SOON_MS);
      // Who can sign can also revoke; nobody else ends a session.
      const lives = name.includes('never issued') ? 401 : 200;
      expect((await app.get('/guarded', { 'ACCESS-TOKEN': access })).status).toBe(lives);
    },
  );
});
