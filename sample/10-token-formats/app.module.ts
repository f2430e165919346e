import { Controller, Get, Module } from '@nestjs/common';
import { AccessOnly, CurrentPrincipal, FastauthModule, type Principal } from 'nestjs-fastauth';
import { envFileOf, keySetFileOf } from '../first-start.js';

/** In the order in which the sample's lines go through them. */
export const FORMATS = ['jwt', 'jwe', 'opaque'] as const;
export const [FORMAT = 'jwt'] = FORMATS.filter((name) => name === process.env['TOKEN_FORMAT']);

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
      envFile: envFileOf('10-token-formats'),
      // The one switch. CRYPTOGRAPHY_KEY is enough for each of them.
      tokenFormat: FORMAT,
      // Tokens from before the switch stay good, and are refreshed into the new format.
      acceptedTokenFormats: [...FORMATS],
      // `npx fastauth keys rotate --algorithm EdDSA` writes a key pair to it; no restart, and nobody is logged out.
      keySetFile: keySetFileOf('10-token-formats'),
      issuanceDefaults: () => ({ claims: { site: 'north' } }),
    }),
  ],
  controllers: [WhoamiController],
})
export class AppModule {}
