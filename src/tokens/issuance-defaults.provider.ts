import type { FactoryProvider } from '@nestjs/common';
import { FASTAUTH_CONFIG, type FastauthConfig } from '../config/fastauth-config.js';
import { ConfigError, StoreUnavailableError } from '../errors.js';
import { SafeLogger } from '../events/safe-logger.js';
import {
  type InjectedIssuanceDefaults,
  ISSUANCE_DEFAULTS,
  type IssuanceDefaults,
  type IssuanceDefaultsOf,
} from './issuance-defaults.js';

/** Seconds that a look-up may take at least: those of the slowest store unless told otherwise. */
const PATIENCE = 5;
/** Milliseconds for which a look-up that took too long is not told again. */
const QUIET_MS = 60_000;

/** Provides what was registered, bounded in time; undefined where nothing was. */
export function issuanceDefaultsProvider(
  registered: IssuanceDefaultsOf | InjectedIssuanceDefaults | undefined,
): FactoryProvider<IssuanceDefaultsOf | undefined> {
  const { inject = [], useFactory } =
    typeof registered === 'object' ? registered : { useFactory: () => registered };
  return {
    provide: ISSUANCE_DEFAULTS,
    inject: [FASTAUTH_CONFIG, ...inject],
    useFactory: async ({ storeTimeout }: FastauthConfig, ...dependencies: unknown[]) => {
      const defaultsOf: unknown = await useFactory(...dependencies);
      if (defaultsOf === undefined && registered === undefined) return undefined;
      if (typeof defaultsOf !== 'function') {
        throw new ConfigError(['issuanceDefaults is neither a function nor a factory that returns one']);
      }
      return bounded(defaultsOf as IssuanceDefaultsOf, Math.max(PATIENCE, storeTimeout));
    },
  };
}

/** @returns the same, but what it promises fails with StoreUnavailableError after so many seconds */
function bounded(defaultsOf: IssuanceDefaultsOf, seconds: number): IssuanceDefaultsOf {
  const logger = new SafeLogger();
  let toldAt = -Infinity;
  const late = (): StoreUnavailableError => {
    const reason = `issuanceDefaults did not answer within ${seconds} seconds.`;
    const now = performance.now();
    if (now - toldAt >= QUIET_MS) {
      toldAt = now;
      logger.warn(reason);
    }
    return new StoreUnavailableError(reason);
  };
  return (client) => {
    const answer = defaultsOf(client);
    return answer instanceof Promise ? within(answer, seconds, late) : answer;
  };
}

async function within(
  answer: Promise<IssuanceDefaults>,
  seconds: number,
  late: () => Error,
): Promise<IssuanceDefaults> {
  let timer: NodeJS.Timeout | undefined;
  const timeIsOver = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), seconds * 1000);
  });
  try {
    return await Promise.race([answer, timeIsOver]);
  } finally {
    clearTimeout(timer);
  }
}
