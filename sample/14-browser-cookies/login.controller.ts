import { Body, Controller, ForbiddenException, Get, HttpCode, Post, Res } from '@nestjs/common';
import {
  AccessOnly,
  CurrentPrincipal,
  type Principal,
  Public,
  TokenCookies,
  TokenService,
} from 'nestjs-fastauth';

/** Stands for the users that an application has. */
const USERS = new Map([['ada', 'countess']]);

@AccessOnly()
@Controller()
export class LoginController {
  constructor(
    private readonly tokens: TokenService,
    private readonly cookies: TokenCookies,
  ) {}

  /** The tokens go into the cookies, and nothing of them into the answer. */
  @Public()
  @HttpCode(200)
  @Post('login')
  async login(
    @Body() { user, password }: { user: string; password: string },
    @Res({ passthrough: true }) response: object,
  ) {
    if (!user || USERS.get(user) !== password) throw new ForbiddenException();
    this.cookies.set(response, await this.tokens.issue({ clientId: user }));
    return { user };
  }

  @Get('me')
  me(@CurrentPrincipal() { clientId }: Principal) {
    return { user: clientId };
  }

  @HttpCode(200)
  @Post('notes')
  note(@Body() { text }: { text: string }) {
    return { noted: text };
  }

  @HttpCode(204)
  @Post('logout')
  async logout(
    @CurrentPrincipal() { clientId = '', familyId = '' }: Principal,
    @Res({ passthrough: true }) response: object,
  ) {
    await this.tokens.revoke({ clientId, familyId });
    this.cookies.clear(response);
  }
}
