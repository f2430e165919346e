import { Controller, Get } from '@nestjs/common';
import { AccessOnly, CurrentPrincipal, MasterOnly, type Principal, Scopes } from '../../src/index.js';

/** One route of each kind, as in the quick start. */
@Controller()
export class RoutesController {
  @Get('health')
  health() {
    return { status: 'healthy' };
  }

  @Get('access/health')
  accessHealth() {
    return { content: 'access' };
  }

  @Get('master/health')
  masterHealth() {
    return { content: 'master' };
  }

  @Get('both/health')
  bothHealth(@CurrentPrincipal() principal: Principal) {
    return principal;
  }

  @Get('accessories')
  accessories() {
    return { content: 'open' };
  }

  @AccessOnly()
  @Get('whoami')
  whoami(@CurrentPrincipal() principal: Principal) {
    return principal;
  }

  @MasterOnly()
  @Get('admin/whoami')
  adminWhoami(@CurrentPrincipal() principal: Principal) {
    return principal;
  }

  @MasterOnly()
  @AccessOnly()
  @Get('decorated/both')
  decoratedBoth(@CurrentPrincipal() principal: Principal) {
    return principal;
  }

  @Get(':section/param')
  param() {
    return { content: 'param' };
  }
}

/** What needs a scope, once by a decorator and once by {@link SCOPED_RULE}. */
@Controller('scoped')
export class ScopedRoutesController {
  @Scopes('reports:read')
  @Get('decorated')
  decorated() {
    return { content: 'scoped' };
  }

  @Get('ruled')
  ruled() {
    return { content: 'scoped' };
  }
}

export const SCOPED_PATHS = ['/scoped/decorated', '/scoped/ruled'] as const;
export const SCOPED_RULE = { path: '/scoped/ruled', scopes: ['reports:read'] };
