import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { describe, expect, it } from '@jest/globals';
import type { AccessPolicy } from './access-policy.js';
import { ACCESS, BOTH, NONE, type Demand } from './demand.js';
import { DENIALS } from './denial.js';
import type { Gate } from './gate.js';
import { RpcGuard } from './rpc.guard.js';

describe('the guard of microservice messages', () => {
  it.each([
    [NONE, true],
    [ACCESS, false],
    [BOTH, false],
  ])('where the handler needs %s: %s', (demand, isOpen) => {
    const told: [unknown, Demand][] = [];
    const guard = new RpcGuard(
      { demandOfHandler: () => demand } as unknown as AccessPolicy,
      {
        refuse: (denial: unknown, _source: unknown, needed: Demand) => told.push([denial, needed]),
      } as unknown as Gate,
    );
    const context = new ExecutionContextHost([{}, {}], class {}, () => undefined);
    expect(guard.canActivate(context)).toBe(isOpen);
    expect(told).toEqual(isOpen ? [] : [[DENIALS.unknownContext, demand]]);
  });
});
