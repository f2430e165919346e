import { describe, expect, it } from '@jest/globals';
import type { Type } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { testConfig } from '../../test/support/test-config.js';
import { AccessPolicy } from './access-policy.js';
import { AccessOnly, ConfiguredAccess, MasterOnly, Public } from './decorators.js';
import { ACCESS, BOTH, MASTER, NONE, type Requirement } from './requirement.js';
import { HandlerNames } from './handler-names.js';
import { PathRules } from './paths/path-rules.js';

@AccessOnly()
class Routes {
  ofClass() {}
  @MasterOnly() ofMethod() {}
  @Public() open() {}
  @MasterOnly() @AccessOnly() both() {}
}
class Plain {
  unmarked() {}
  @ConfiguredAccess('issuance') issuance() {}
  @ConfiguredAccess('introspection') introspection() {}
}

const names = new HandlerNames(new ModulesContainer());
const policyOf = (settings: Parameters<typeof testConfig>[0] = {}) =>
  new AccessPolicy(testConfig(settings), new PathRules({ master: ['/admin'], access: ['/api'] }), names);
const callOf = (controller: Type<unknown>, name: string) => {
  const handler = Reflect.get(controller.prototype as object, name) as () => void;
  return new ExecutionContextHost([], controller, handler);
};

describe('what a route needs', () => {
  it.each<[Type<unknown>, string, Parameters<typeof testConfig>[0], Requirement]>([
    [Routes, 'ofClass', {}, ACCESS],
    [Routes, 'ofMethod', {}, MASTER],
    [Routes, 'open', { defaultAccess: 'master' }, NONE],
    [Routes, 'both', {}, BOTH],
    [Plain, 'unmarked', {}, NONE],
    [Plain, 'unmarked', { defaultAccess: 'access' }, ACCESS],
    [Plain, 'unmarked', { defaultAccess: 'master' }, MASTER],
    [Plain, 'issuance', {}, MASTER],
    [Plain, 'issuance', { publicTokenIssuance: true }, NONE],
    [Plain, 'introspection', {}, MASTER],
    [Plain, 'introspection', { introspectionAccess: 'access' }, ACCESS],
  ])('by %p.%s with %j: %p', (controller, name, settings, requirement) => {
    const policy = policyOf(settings);
    // Asked twice: the second answer is remembered.
    for (let round = 0; round < 2; round++)
      expect(policy.requirementOfCall(callOf(controller, name))).toBe(requirement);
  });

  it('is what decorators and the rules of all its paths ask together', () => {
    const policy = policyOf();
    const requirement = (name: string, ...patterns: string[]) =>
      policy.requirementOfRoute({ controller: Routes, handlerName: name, method: 'GET', patterns });
    expect(requirement('open')).toBe(NONE);
    expect(requirement('open', '/elsewhere', '/api/:id')).toBe(ACCESS);
    expect(requirement('ofClass', '/admin')).toBe(BOTH);
    expect(requirement('open', '/admin', '/api')).toBe(BOTH);
  });

  it('is told with where it comes from', () => {
    const origins = (policy: AccessPolicy, controller: Type<unknown>, name: string, ...to: string[]) =>
      policy.originsOfRequirement({ controller, handlerName: name, method: 'GET', patterns: to });
    expect(origins(policyOf(), Routes, 'ofClass', '/admin', '/admin/a')).toEqual([
      'decorator',
      'path rule "/admin"',
    ]);
    expect(origins(policyOf({ defaultAccess: 'access' }), Plain, 'unmarked')).toEqual(['default-access']);
    expect(origins(policyOf({ defaultAccess: 'access' }), Routes, 'open')).toEqual([]);
    expect(origins(policyOf(), Plain, 'unmarked', '/elsewhere')).toEqual([]);
  });

  it('is known to be open only where a decorator says so', () => {
    const policy = policyOf();
    expect(policy.isMarkedPublic(callOf(Routes, 'open'))).toBe(true);
    expect(policy.isMarkedPublic(callOf(Plain, 'unmarked'))).toBe(false);
    expect(policy.hasPathRules).toBe(true);
    expect(
      new AccessPolicy(testConfig(), new PathRules({ master: [], access: [] }), names).hasPathRules,
    ).toBe(false);
  });
});
