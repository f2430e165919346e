import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  NotFoundException,
  Param,
  Patch,
  Post,
  UnauthorizedException,
} from '@nestjs/common';
import { AccessOnly, CurrentPrincipal, type Principal, Public, TokenService } from 'nestjs-fastauth';

/** Stands for the users that an application has. */
const USERS = new Map([['ada', 'countess']]);

/** Each device of a user is a session of its own: it is logged in, listed, renamed and logged out. */
@AccessOnly()
@Controller()
export class DevicesController {
  constructor(private readonly tokens: TokenService) {}

  @Public()
  @Post('login')
  async login(@Body() { user, password, device }: { user: string; password: string; device: string }) {
    if (!user || USERS.get(user) !== password) throw new UnauthorizedException();
    const { accessToken, refreshToken } = await this.tokens.issue({ clientId: user, label: device });
    return { access_token: accessToken, refresh_token: refreshToken };
  }

  @Get('devices')
  async list(@CurrentPrincipal() { clientId = '', familyId }: Principal) {
    const sessions = await this.tokens.sessions(clientId);
    return sessions.map(({ familyId: id, label, createdAt, refreshedAt }) => ({
      id,
      device: label,
      since: createdAt,
      lastRefresh: refreshedAt,
      isThisOne: id === familyId,
    }));
  }

  @Patch('devices/:id')
  async rename(
    @CurrentPrincipal() { clientId = '' }: Principal,
    @Param('id') familyId: string,
    @Body() { device }: { device: string },
  ) {
    // Named by client and family, so that nobody reaches another user's device.
    if (!(await this.tokens.label({ clientId, familyId }, device))) throw new NotFoundException();
    return { id: familyId, device };
  }

  @Delete('devices/:id')
  @HttpCode(204)
  async logOut(@CurrentPrincipal() { clientId = '' }: Principal, @Param('id') familyId: string) {
    if (!(await this.tokens.revoke({ clientId, familyId }))) throw new NotFoundException();
  }

  /** All but the device that asks. */
  @Delete('devices')
  async logOutOthers(@CurrentPrincipal() { clientId = '', familyId }: Principal) {
    return { ended: await this.tokens.revokeClient(clientId, { exceptFamilyId: familyId }) };
  }
}
