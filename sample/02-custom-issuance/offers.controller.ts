import { Controller, Get } from '@nestjs/common';
import { AccessOnly, CurrentPrincipal, type Principal } from 'nestjs-fastauth';

@AccessOnly()
@Controller('offers')
export class OffersController {
  @Get()
  offers(@CurrentPrincipal() { clientId, claims }: Principal) {
    return { partner: clientId, discount: claims['tier'] === 'gold' ? 20 : 5 };
  }
}
