import { RemoteTokens } from '../../src/resource-server/remote-tokens.js';
import { resolveIssuers } from '../../src/resource-server/resolved-issuer.js';
import type { TrustedIssuer } from '../../src/resource-server/trusted-issuer.js';
import type { Principal } from '../../src/tokens/principal.js';
import { TokenFault } from '../../src/tokens/token-fault.js';
import { FakeClock } from './fake-clock.js';

/** Verifies tokens of these issuers, by a clock that the test moves. */
export function remoteTokens(...issuers: TrustedIssuer[]) {
  const clock = new FakeClock();
  const tokens = new RemoteTokens({
    issuers: resolveIssuers(issuers, 5),
    cacheSize: 100,
    now: () => clock.now(),
  });
  /** The principal, or why there is none. */
  const check = async (token: string): Promise<Principal | string> => {
    const result = await tokens.check(token);
    return result instanceof TokenFault ? result.reason : result;
  };
  return { tokens, clock, check, close: () => tokens.onApplicationShutdown() };
}
