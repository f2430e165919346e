import { Controller, Delete, Get, HttpCode, Post } from '@nestjs/common';
import {
  AnyOf,
  CurrentPrincipal,
  Fresh,
  MasterOnly,
  OptionalAccess,
  type Principal,
  Scopes,
} from 'nestjs-fastauth';

/** Asks for reading in general; what a method says counts in the place of that. */
@Scopes('devices:read')
@Controller('devices')
export class DevicesController {
  @Get()
  list(@CurrentPrincipal() { clientId, scopes }: Principal) {
    return { devices: ['lamp', 'door'], clientId, scopes };
  }

  @Scopes('devices:read', 'devices:write')
  @Post()
  add() {
    return { added: 'kettle' };
  }

  /** For operators, and for clients that manage the fleet. */
  @AnyOf(MasterOnly(), Scopes('fleet:admin'))
  @HttpCode(200)
  @Post('reboot')
  reboot(@CurrentPrincipal() { level }: Principal) {
    return { rebooted: true, by: level };
  }

  /** Only soon after a login: refreshing does not renew that. */
  @Fresh(60)
  @Scopes('devices:write')
  @Delete()
  removeAll() {
    return { removed: 2 };
  }

  /** Shows more to those who are known. */
  @OptionalAccess()
  @Get('news')
  news(@CurrentPrincipal() principal: Principal | undefined) {
    return { news: [], for: principal?.clientId ?? 'everybody' };
  }
}
