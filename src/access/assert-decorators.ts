import type { ModulesContainer } from '@nestjs/core';
import type { FastauthConfig } from '../config/fastauth-config.js';
import { assertScopesAreKnown } from './known-scopes.js';
import { assertHandlersAreAsked } from './unasked-handlers.js';

/**
 * Holds the decorators of all classes to what can be kept: that somebody asks what they say, and that tokens can have it.
 * @throws ConfigError naming those that cannot
 */
export function assertDecorators(
  modules: ModulesContainer,
  { scopes, defaultAccess }: Pick<FastauthConfig, 'scopes' | 'defaultAccess'>,
): void {
  assertHandlersAreAsked(modules, defaultAccess === 'public');
  assertScopesAreKnown(modules, scopes);
}
