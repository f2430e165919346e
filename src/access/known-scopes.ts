import type { ModulesContainer } from '@nestjs/core';
import { unknownScopeFault } from '../config/known-scopes.js';
import { ConfigError } from '../errors.js';
import { type ConfiguredRequirements, declaredRequirement, hasDeclarations } from './declared-requirement.js';
import { classOf, isClass, methodNamesOf } from './handler-names.js';
import { NONE } from './requirement.js';

/** The endpoints of ours ask for no scopes. */
const CONFIGURED: ConfiguredRequirements = { issuance: NONE, introspection: NONE };

/**
 * Looks for decorators that ask for a scope which no token can have, so that nobody would get in.
 * @param known of the configuration; undefined: any name is known
 * @throws ConfigError naming each of them
 */
export function assertScopesAreKnown(
  modules: ModulesContainer,
  known: Readonly<Record<string, string>> | undefined,
): void {
  if (known === undefined) return;
  const faults = new Set<string>();
  for (const { controllers, providers } of modules.values()) {
    for (const { metatype, instance } of [...controllers.values(), ...providers.values()]) {
      const type = isClass(metatype) ? metatype : classOf(instance as unknown);
      if (!isClass(type) || !hasDeclarations(type, methodNamesOf(type))) continue;
      for (const method of methodNamesOf(type)) {
        const alternatives = declaredRequirement(type, method, CONFIGURED)?.alternatives ?? [];
        for (const name of alternatives.flatMap(({ scopes }) => scopes)) {
          const fault = unknownScopeFault(known, name);
          const place = `the scope ${JSON.stringify(name)} that ${type.name}.${String(method)} asks for`;
          if (fault !== undefined) faults.add(`${place} ${fault}`);
        }
      }
    }
  }
  if (faults.size > 0) throw new ConfigError([...faults]);
}
