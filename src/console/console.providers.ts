import type { ModuleMetadata } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { Gate } from '../access/gate.js';
import { Clock } from '../clock.js';
import { FASTAUTH_CONFIG, type FastauthConfig } from '../config/fastauth-config.js';
import { ownController, placeController } from '../endpoints/own-controller.js';
import { FastauthEvents } from '../events/fastauth-events.js';
import { TokenStore } from '../sessions/token-store.js';
import { KeyRingWatcher } from '../tokens/key-ring-watcher.js';
import { TokenService } from '../tokens/token.service.js';
import { CONSOLE, type Console } from './console.js';
import { ConsoleController } from './console.controller.js';
import type { ConsoleNeeds } from './open-console.js';

export interface ConsoleRoom extends ModuleMetadata {
  /** Puts the controller where the configuration wants it, or nowhere. */
  readonly place: (config: FastauthConfig) => void;
}

/** The console for operators, which is not loaded where it is off. */
export function consoleProviders(): ConsoleRoom {
  const controller = ownController(ConsoleController);
  return {
    controllers: [controller],
    providers: [
      {
        provide: CONSOLE,
        inject: [
          FASTAUTH_CONFIG,
          Clock,
          FastauthEvents,
          Gate,
          KeyRingWatcher,
          TokenService,
          TokenStore,
          ModuleRef,
        ],
        useFactory: async (config: FastauthConfig, ...needs: ConsoleNeeds): Promise<Console | undefined> =>
          config.console ? (await import('./open-console.js')).openConsole(config, ...needs) : undefined,
      },
    ],
    place: ({ console, authPrefix }) => placeController(controller, console ? authPrefix : []),
  };
}
