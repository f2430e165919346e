import {
  type CanActivate,
  ConfigurableModuleBuilder,
  type DynamicModule,
  type FactoryProvider,
  type ModuleMetadata,
  type Provider,
  type Type,
} from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import type { FastauthOptions } from './config/fastauth-options.js';
import type { KeyProvider } from './config/key-provider.js';
import type { TokenController } from './endpoints/token.controller.js';
import { ConfigError } from './errors.js';
import type { AuditSink } from './observability/audit-sink.js';
import type { ResourceServerOptions } from './resource-server/resource-server-options.js';
import type { TokenStore } from './sessions/token-store.js';
import type { ForeignTokens } from './tokens/foreign-tokens.js';
import type { InjectedIssuanceDefaults, IssuanceDefaultsOf } from './tokens/issuance-defaults.js';
import type { HttpGuard } from './transports/http/http.guard.js';

/** What shapes the provider graph of every application and is therefore given at registration, also asynchronously. */
export interface GuardRegistration {
  /** Modules whose exported providers may be injected into what is given here. Default: none. */
  imports?: ModuleMetadata['imports'];
  /** Where the audit trail goes. Default: Nest's logger, as `audit-log` says. */
  auditSink?: AuditSink | Type<AuditSink> | undefined;
  /** A subclass of `HttpGuard`, in its place. Default: `HttpGuard`. */
  httpGuard?: Type<HttpGuard> | undefined;
  /**
   * Guards of your own for kinds of calls that ours know nothing of, by `ExecutionContext.getType()`, such as
   * `{ mail: MyMailGuard }`. Default: none, so that such calls reach only what is marked `@Public()`.
   */
  contextGuards?: Readonly<Record<string, CanActivate | Type<CanActivate>>> | undefined;
  /** Whether the guard is asked about every route. Default: true. With `false`, only decorated classes are guarded, and what `default-access` closes. */
  globalGuard?: boolean | undefined;
}

/** The same of applications that issue tokens. */
export interface FastauthRegistration extends GuardRegistration {
  /** A store of your own, or a ready one. Default: what `database-url` names. */
  store?: TokenStore | Type<TokenStore> | undefined;
  /** A subclass of `TokenController` for custom issuance; `false`: no token endpoints. Default: `TokenController`. */
  tokenController?: Type<TokenController> | false | undefined;
  /** Brings keys from elsewhere, such as a vault; beside those that are configured. Default: none. */
  keyProvider?: KeyProvider | Type<KeyProvider> | undefined;
  /** Lifetimes and claims per client; `{ inject, useFactory }` makes the function out of providers of yours. Default: those of the configuration, for all. */
  issuanceDefaults?: IssuanceDefaultsOf | InjectedIssuanceDefaults | undefined;
  /** JWTs of other making that are accepted for a while. Default: none. */
  foreignTokens?: ForeignTokens | undefined;
}

const GUARD_DEFAULTS: GuardRegistration = {
  imports: undefined,
  auditSink: undefined,
  httpGuard: undefined,
  contextGuards: undefined,
  globalGuard: undefined,
};

const REGISTRATION_DEFAULTS: FastauthRegistration = {
  ...GUARD_DEFAULTS,
  store: undefined,
  tokenController: undefined,
  keyProvider: undefined,
  issuanceDefaults: undefined,
  foreignTokens: undefined,
};

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<FastauthOptions>({ moduleName: 'Fastauth' })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createFastauthOptions')
    .setExtras(REGISTRATION_DEFAULTS)
    .build();

export const {
  ConfigurableModuleClass: ResourceServerModuleClass,
  MODULE_OPTIONS_TOKEN: RESOURCE_SERVER_OPTIONS_TOKEN,
  OPTIONS_TYPE: RESOURCE_SERVER_OPTIONS_TYPE,
  ASYNC_OPTIONS_TYPE: RESOURCE_SERVER_ASYNC_OPTIONS_TYPE,
} = new ConfigurableModuleBuilder<ResourceServerOptions>({ moduleName: 'FastauthResourceServer' })
  .setClassMethodName('forResourceServer')
  .setFactoryMethodName('createResourceServerOptions')
  .setExtras(GUARD_DEFAULTS)
  .build();

/** Options as a module's definition has them. */
export interface TakenOptions<T> {
  readonly others: Provider[];
  readonly inject: NonNullable<FactoryProvider['inject']>;
  readonly read: (...dependencies: unknown[]) => T | Promise<T>;
}

/**
 * Takes the provider of the options out of a definition: they hold secrets in plain text, so they go from one factory
 * to the next and stay in no provider that an application could print.
 */
export function takeOptions<T>({ providers = [] }: DynamicModule, token: string | symbol): TakenOptions<T> {
  const isOptions = (provider: Provider): boolean => 'provide' in provider && provider.provide === token;
  const others = providers.filter((provider) => !isOptions(provider));
  const options = providers.find(isOptions) as
    | (FactoryProvider<T> & { useValue?: undefined })
    | { readonly useValue: T; readonly useFactory?: undefined };
  return options.useFactory
    ? { others, inject: options.inject ?? [], read: options.useFactory }
    : { others, inject: [], read: () => options.useValue };
}

/** @throws ConfigError the class was imported without `forRoot()`, so that what it needs is not there */
export function assertRegistered(dependencies: Readonly<Record<string, unknown>>): void {
  if (!Object.values(dependencies).includes(undefined)) return;
  throw new ConfigError([
    'FastauthModule is imported as it is, which registers nothing; import FastauthModule.forRoot() once, in the root ' +
      'module: what it provides is global, and other modules import nothing.',
  ]);
}

/** @throws ConfigError the guards of two registrations would all have to pass */
export function assertRegisteredOnce(modules: ModulesContainer, module: Type): void {
  const { length } = [...modules.values()].filter(({ metatype }) => metatype === module);
  if (length <= 1) return;
  throw new ConfigError([
    `FastauthModule is registered ${length} times in this application; its guards would all have to pass. ` +
      'Call FastauthModule.forRoot(), or forResourceServer(), once, in the root module: what it provides is global.',
  ]);
}
