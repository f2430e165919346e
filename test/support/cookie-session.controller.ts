import { Get, Inject, Post, Res } from '@nestjs/common';
import { AccessOnly, CurrentPrincipal, type Principal, TokenCookies, TokenService } from '../../src/index.js';

/** Says who is logged in, and logs out. Its subclasses log in. */
export abstract class CookieSessionController {
  @Inject(TokenService)
  protected readonly tokens!: TokenService;

  @Inject(TokenCookies)
  protected readonly cookies!: TokenCookies;

  @AccessOnly()
  @Get('me')
  me(@CurrentPrincipal() { clientId }: Principal) {
    return { clientId };
  }

  @AccessOnly()
  @Post('logout')
  async logout(@CurrentPrincipal() principal: Principal, @Res({ passthrough: true }) response: object) {
    const { clientId = '', familyId = '' } = principal;
    await this.tokens.revoke({ clientId, familyId });
    this.cookies.clear(response);
    return {};
  }
}
