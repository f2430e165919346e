import { Controller, Get, Module } from '@nestjs/common';
import { AccessOnly, CurrentPrincipal, FastauthModule, type Principal } from 'nestjs-fastauth';

const FORMATS = ['jwt', 'jwe', 'opaque'] as const;
const [format = 'jwt'] = FORMATS.filter((name) => name === process.env['TOKEN_FORMAT']);

@AccessOnly()
@Controller()
class WhoamiController {
  @Get('whoami')
  whoami(@CurrentPrincipal() { clientId, claims }: Principal) {
    return { clientId, site: claims['site'] };
  }
}

@Module({
  imports: [
    FastauthModule.forRoot({
      configFile: false,
      // The one switch. CRYPTOGRAPHY_KEY is enough for each of them.
      tokenFormat: format,
      // Tokens from before the switch stay good, and are refreshed into the new format.
      acceptedTokenFormats: [...FORMATS],
      // `npx fastauth keys rotate --algorithm EdDSA` writes a key pair to it; no restart, and nobody is logged out.
      keySetFile: process.env['KEY_SET_FILE'] ?? '.fastauth/keys.json',
      issuanceDefaults: () => ({ claims: { site: 'north' } }),
    }),
  ],
  controllers: [WhoamiController],
})
export class AppModule {}
