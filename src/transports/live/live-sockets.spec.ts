import { inspect } from 'node:util';
import { afterEach, describe, expect, it } from '@jest/globals';
import { FakeClock } from '../../../test/support/fake-clock.js';
import { testConfig } from '../../../test/support/test-config.js';
import { createTokenService } from '../../../test/support/token-service.js';
import { LiveSockets } from './live-sockets.js';
import type { SocketKind } from './socket-kind.js';

const DIGEST = 'digest-of-the-token';
const KIND: SocketKind = { isOpen: () => true, end: () => undefined, cut: () => undefined };

describe('a socket that lives by a token', () => {
  const clock = new FakeClock();
  const { service } = createTokenService({}, undefined, clock);
  const live = new LiveSockets(service, clock, testConfig({}));
  afterEach(() => live.onApplicationShutdown());

  const held = (socket: object): object => {
    const token = {
      clientId: 'ada',
      familyId: 'f',
      accessHash: DIGEST,
      hasSession: true,
      expiresAt: clock.seconds + 60,
    };
    expect(live.hold(KIND, socket, token, live.changesHeard)).toBe(true);
    return socket;
  };

  it('shows nothing of it to whoever logs or copies the socket', () => {
    const socket = held({ id: 1 });
    expect(inspect(socket, { depth: 9 })).not.toContain(DIGEST);
    expect(Object.getOwnPropertySymbols({ ...socket })).toEqual([]);
    live.release(socket);
  });

  it('has ended for a proxy of it, too', async () => {
    const socket = held({ id: 2 });
    const proxy = new Proxy(socket, {});
    expect(live.hasEnded(proxy)).toBe(false);
    clock.advance(61);
    await new Promise((resolve) => setTimeout(resolve, 120));
    expect([live.hasEnded(socket), live.hasEnded(proxy)]).toEqual([true, true]);
    live.release(socket);
  });
});
