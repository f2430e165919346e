import type { InjectionToken, Provider, Type } from '@nestjs/common';

/** What an application gives at registration in place of a provider of ours: a class, or something ready. */
export type Given<T> = T | Type<T>;

/** Provides what the application gave under `provide`; of undefined, undefined. */
export function givenProvider<T>(provide: InjectionToken<T>, given: Given<T> | undefined): Provider {
  return typeof given === 'function' ? { provide, useClass: given as Type<T> } : { provide, useValue: given };
}
