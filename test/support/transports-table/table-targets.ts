import { AccessOnly, AnyOf, Fresh, MasterOnly, Scopes } from '../../../src/index.js';
import { FRESH_FOR } from './table-tokens.js';

/** What is called, by what it asks. Each is there on every transport. */
export const TARGETS = {
  access: [AccessOnly()],
  master: [MasterOnly()],
  both: [AccessOnly(), MasterOnly()],
  scoped: [Scopes('table:read', 'table:write')],
  any: [AnyOf(MasterOnly(), Scopes('table:admin'))],
  fresh: [Fresh(FRESH_FOR)],
} as const;

export type Target = keyof typeof TARGETS;
export const TARGET_NAMES = Object.keys(TARGETS) as readonly Target[];

/** As the page writes them. */
export const WRITTEN: Readonly<Record<Target, string>> = {
  access: '`@AccessOnly()`',
  master: '`@MasterOnly()`',
  both: '`@AccessOnly() @MasterOnly()`',
  scoped: "`@Scopes('table:read', 'table:write')`",
  any: "`@AnyOf(MasterOnly(), Scopes('table:admin'))`",
  fresh: `\`@Fresh(${FRESH_FOR})\``,
};

/** Decorates a class as the target is. */
export function AskingAs(target: Target): ClassDecorator {
  return (decorated) => {
    for (const decorate of TARGETS[target]) decorate(decorated);
  };
}
