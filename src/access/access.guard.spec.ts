import type { CanActivate } from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { describe, expect, it } from '@jest/globals';
import { AccessGuard } from './access.guard.js';
import { ContextGuards } from './context-guards.js';
import { NONE } from './requirement.js';
import { AccessDeniedException } from './denial.js';

const open: CanActivate = { canActivate: () => true };
const guards = new Map([
  ['http', open],
  ['ws', open],
]);
const policy = { isDeclared: () => false, isMarkedPublic: () => false, defaultRequirement: NONE };
const guard = new AccessGuard(new ContextGuards(guards, policy));

function contextOf(type: string): ExecutionContextHost {
  const context = new ExecutionContextHost([{}, {}], class {}, () => undefined);
  context.setType(type);
  return context;
}

describe('the global guard', () => {
  it.each(['http', 'ws'])('asks the guard of the kind %s', (type) => {
    expect(guard.canActivate(contextOf(type))).toBe(true);
  });

  it.each(['rpc', 'graphql', 'constructor', '__proto__'])(
    'denies a call of the unknown kind "%s"',
    (type) => {
      const call = () => guard.canActivate(contextOf(type));
      expect(call).toThrow(AccessDeniedException);
      expect(call).toThrow('This kind of call is not open to anybody');
    },
  );
});
