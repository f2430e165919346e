import type { Clock } from '../../src/clock.js';
import type { FastauthConfig } from '../../src/config/fastauth-config.js';
import type { FastauthEvent } from '../../src/events/fastauth-event.js';
import { FastauthEvents } from '../../src/events/fastauth-events.js';
import { KeyRing } from '../../src/keys/key-ring.js';
import { ActiveKeyRing } from '../../src/keys/active-key-ring.js';
import type { TokenStore } from '../../src/sessions/token-store.js';
import { MemoryTokenStore } from '../../src/stores/memory/memory.store.js';
import type { IssuanceDefaultsOf } from '../../src/tokens/issuance-defaults.js';
import { TokenService } from '../../src/tokens/token.service.js';
import { FakeClock } from './fake-clock.js';
import { testConfig } from './test-config.js';

export const SECRET = 'a secret of the tests, thirty-two bytes or more';

/** A TokenService on its own, with everything that a test wants to look at or to move. */
export function createTokenService<C extends Clock = FakeClock>(
  config: Partial<FastauthConfig> = {},
  store: TokenStore = new MemoryTokenStore(),
  clock = new FakeClock() as Clock as C,
  defaultsOf?: IssuanceDefaultsOf,
) {
  const emitted: FastauthEvent[] = [];
  const events = new FastauthEvents();
  events.subscribe((event) => emitted.push(event));
  const keys = new ActiveKeyRing(KeyRing.fromSecret(SECRET));
  const service = new TokenService(testConfig(config), keys, store, clock, events, defaultsOf);
  return { service, store, clock, emitted };
}
