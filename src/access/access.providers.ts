import type { ModuleMetadata } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { FASTAUTH_CONFIG, type FastauthConfig } from '../config/fastauth-config.js';
import { AccessGuard } from './access.guard.js';
import { AccessPolicy } from './access-policy.js';
import { Authenticator } from './authenticator.js';
import { DefaultAccessGuard } from './default-access.guard.js';
import { Gate } from './gate.js';
import { HandlerNames } from './handler-names.js';
import { MasterTokens } from './master-tokens.js';
import { Observation } from './observation.js';
import { PublicPaths } from './paths/public-paths.js';
import { RefusalExplainer } from './refusal-explainer.js';

/** @param globalGuard whether the guard is asked about every route */
export function accessProviders(globalGuard: boolean): ModuleMetadata {
  return {
    providers: [
      HandlerNames,
      AccessPolicy,
      MasterTokens,
      Authenticator,
      Observation,
      RefusalExplainer,
      Gate,
      {
        provide: PublicPaths,
        inject: [FASTAUTH_CONFIG],
        useFactory: ({ publicPaths }: FastauthConfig) => new PublicPaths(publicPaths),
      },
      AccessGuard,
      // `useExisting`, so that an application's tests can override the guard.
      globalGuard
        ? { provide: APP_GUARD, useExisting: AccessGuard }
        : { provide: APP_GUARD, useClass: DefaultAccessGuard },
    ],
    // The guard as `@UseGuards(AccessGuard)` needs it in the application's own modules.
    exports: [AccessPolicy, Gate, AccessGuard],
  };
}
