import type { ModuleMetadata } from '@nestjs/common';
import { Clock } from '../clock.js';
import { FASTAUTH_CONFIG, type FastauthConfig } from '../config/fastauth-config.js';
import { KeyProvider } from '../config/key-provider.js';
import { KeySources } from '../config/key-sources.js';
import { masterTokenKeyFaults } from '../config/master-token-key-faults.js';
import { FastauthEvents } from '../events/fastauth-events.js';
import { ActiveKeyRing } from '../keys/active-key-ring.js';
import { formatFault } from './codecs/token-codecs.js';
import { AccessTokens } from './access-tokens.js';
import { FOREIGN_TOKENS, type ForeignTokens } from './foreign-tokens.js';
import type { InjectedIssuanceDefaults, IssuanceDefaultsOf } from './issuance-defaults.js';
import { issuanceDefaultsProvider } from './issuance-defaults.provider.js';
import { KeyRingWatcher } from './key-ring-watcher.js';
import { TokenExplainer } from './token-explainer.js';
import { TokenService } from './token.service.js';

export interface TokensRegistration {
  readonly issuanceDefaults?: IssuanceDefaultsOf | InjectedIssuanceDefaults | undefined;
  readonly foreignTokens?: ForeignTokens | undefined;
}

export function tokensProviders({ issuanceDefaults, foreignTokens }: TokensRegistration): ModuleMetadata {
  return {
    providers: [
      {
        provide: KeyRingWatcher,
        inject: [FASTAUTH_CONFIG, { token: KeyProvider, optional: true }, Clock, FastauthEvents],
        useFactory: openKeyRing,
      },
      {
        provide: ActiveKeyRing,
        inject: [KeyRingWatcher],
        useFactory: ({ active }: KeyRingWatcher) => active,
      },
      issuanceDefaultsProvider(issuanceDefaults),
      { provide: FOREIGN_TOKENS, useValue: foreignTokens },
      TokenService,
      TokenExplainer,
      { provide: AccessTokens, useExisting: TokenService },
    ],
    exports: [TokenService],
  };
}

/** @throws ConfigError keys that cannot be used, do not do for the token format, or are master tokens */
function openKeyRing(
  config: FastauthConfig,
  provider: KeyProvider | undefined,
  clock: Clock,
  events: FastauthEvents,
): Promise<KeyRingWatcher> {
  const { tokenFormat } = config;
  return KeyRingWatcher.open(new KeySources(config, provider), clock, events, (ring) => [
    ...masterTokenKeyFaults(config, ring.keys),
    ...[formatFault(ring, tokenFormat)].filter((fault) => fault !== undefined),
  ]);
}
