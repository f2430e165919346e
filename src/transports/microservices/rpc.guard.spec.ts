import { ModulesContainer } from '@nestjs/core';
import { RpcException } from '@nestjs/microservices';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { describe, expect, it } from '@jest/globals';
import { testConfig } from '../../../test/support/test-config.js';
import { AccessPolicy } from '../../access/access-policy.js';
import { AccessOnly, MasterOnly, Public } from '../../access/decorators.js';
import { type Denial, DENIALS } from '../../access/denial.js';
import type { Gate } from '../../access/gate.js';
import { HandlerNames } from '../../access/handler-names.js';
import { PathRules } from '../../access/paths/path-rules.js';
import { RpcGuard } from './rpc.guard.js';

const names = new HandlerNames(new ModulesContainer());

class Handlers {
  unmarked() {}
  @Public() public() {}
  @AccessOnly() access() {}
  @Public() @MasterOnly() both() {}
}
@Public()
class PublicHandlers {
  unmarked() {}
  @AccessOnly() access() {}
}

describe('the guard of microservice messages', () => {
  it.each([
    [Handlers, 'unmarked', false],
    [Handlers, 'public', true],
    [Handlers, 'access', false],
    [Handlers, 'both', false],
    [PublicHandlers, 'unmarked', true],
    [PublicHandlers, 'access', false],
  ] as const)('%p.%s: %s', async (controller, name, isOpen) => {
    const told: Denial[] = [];
    const guard = new RpcGuard(
      new AccessPolicy(testConfig(), new PathRules({ master: [], access: [] }), names),
      {
        refuse: (denial: Denial) => (told.push(denial), denial),
        admit: () => (told.push(DENIALS.noAccessToken), DENIALS.noAccessToken),
      } as unknown as Gate,
      testConfig(),
    );
    const handler = Reflect.get(controller.prototype, name) as () => void;
    const context = new ExecutionContextHost([{}, {}], controller, handler);
    const outcome = guard.canActivate(context);
    if (isOpen) expect(await outcome).toBe(true);
    else await expect(outcome).rejects.toThrow(RpcException);
    expect(told).toHaveLength(isOpen ? 0 : 1);
  });
});
