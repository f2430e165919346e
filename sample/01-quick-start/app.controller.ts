import { Controller, Get } from '@nestjs/common';
import { AccessOnly, CurrentPrincipal, MasterOnly, type Principal } from 'nestjs-fastauth';

@Controller()
export class AppController {
  @Get('health')
  health() {
    return { status: 'healthy' };
  }

  /** Guarded by the path rule `/access` of fastauth.config.json. */
  @Get('access/health')
  accessHealth() {
    return { service: 'access health that need access token', status: 'healthy' };
  }

  /** Guarded by the path rule `/master`. */
  @Get('master/health')
  masterHealth() {
    return { service: 'master health that need master token', status: 'healthy' };
  }

  /** Not guarded: `/access` is a whole segment, and this is another. */
  @Get('accessories')
  accessories() {
    return { status: 'open' };
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
}
