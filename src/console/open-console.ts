import type { ModuleRef } from '@nestjs/core';
import type { Gate } from '../access/gate.js';
import type { Clock } from '../clock.js';
import type { FastauthConfig } from '../config/fastauth-config.js';
import type { FastauthEvents } from '../events/fastauth-events.js';
import { accessMap } from '../routes/access-map.js';
import type { TokenStore } from '../sessions/token-store.js';
import type { KeyRingWatcher } from '../tokens/key-ring-watcher.js';
import type { TokenService } from '../tokens/token.service.js';
import type { Console } from './console.js';
import { ConsoleAccess } from './console-access.js';
import { ConsoleClients } from './console-clients.js';
import { ConsoleCookie } from './console-cookie.js';
import { ConsoleEvents } from './console-events.js';
import { ConsoleKeys } from './console-keys.js';
import { ConsolePage } from './console-page.js';
import { ConsoleSessions } from './console-sessions.js';

export type ConsoleNeeds = [
  clock: Clock,
  events: FastauthEvents,
  gate: Gate,
  keys: KeyRingWatcher,
  tokens: TokenService,
  store: TokenStore,
  modules: ModuleRef,
];

/** Puts the console of one application together. */
export function openConsole(
  config: FastauthConfig,
  ...[clock, events, gate, keys, tokens, store, modules]: ConsoleNeeds
): Console {
  return {
    page: new ConsolePage(),
    access: new ConsoleAccess(config, gate, new ConsoleCookie(config, keys, clock)),
    sessions: new ConsoleSessions(config, tokens, store, clock),
    clients: new ConsoleClients(config, store),
    keys: new ConsoleKeys(keys, store, clock),
    events: new ConsoleEvents(events, clock),
    routes: () => accessMap(modules),
  };
}
