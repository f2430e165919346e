import type { CanActivate, Provider, Type } from '@nestjs/common';
import { ConfigError } from '../errors.js';
import { AccessGuard } from './access.guard.js';
import { AccessPolicy } from './access-policy.js';
import { ContextGuards } from './context-guards.js';
import { DECLARED_ACCESS } from './declared.guard.js';

/** Guards by kind of call, as `ExecutionContext.getType()` names it. */
export type GuardsByContext = Readonly<Record<string, CanActivate | Type<CanActivate>>>;

/**
 * Providers of {@link ContextGuards}: ours, and those of the application for kinds of calls that ours know nothing of.
 * @throws ConfigError for a kind that has a guard of ours
 */
export function contextGuardProviders(
  ours: Readonly<Record<string, Type<CanActivate>>>,
  own: GuardsByContext = {},
): Provider[] {
  const taken = Object.keys(own).filter((kind) => Object.hasOwn(ours, kind));
  if (taken.length > 0) {
    throw new ConfigError([
      `contextGuards has a guard for ${taken.join(', ')}, for which there is one already. ` +
        'Extend HttpGuard and pass it as forRoot({ httpGuard }), or put a guard of your own beside ours with APP_GUARD.',
    ]);
  }
  const tokens = Object.keys(own).map((kind) => [kind, Symbol(`fastauth:guard of ${kind}`)] as const);
  return [
    ...tokens.map(([kind, token]) => providerOf(token, own[kind] as CanActivate | Type<CanActivate>)),
    {
      provide: ContextGuards,
      inject: [AccessPolicy, ...Object.values(ours), ...tokens.map(([, token]) => token)],
      useFactory: (policy: AccessPolicy, ...guards: CanActivate[]) =>
        new ContextGuards(
          new Map(
            [...Object.keys(ours), ...Object.keys(own)].map((kind, n) => [kind, guards[n] as CanActivate]),
          ),
          policy,
        ),
    },
    {
      provide: DECLARED_ACCESS,
      inject: [ContextGuards, AccessGuard],
      useFactory: (guards: ContextGuards, guard: CanActivate): CanActivate => ({
        canActivate: (context) => guards.decideDeclared(context, guard),
      }),
    },
  ];
}

function providerOf(token: symbol, guard: CanActivate | Type<CanActivate>): Provider {
  return typeof guard === 'function'
    ? { provide: token, useClass: guard }
    : { provide: token, useValue: guard };
}
