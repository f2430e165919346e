import { Module } from '@nestjs/common';
import { FastauthModule } from 'nestjs-fastauth';
import { envFileOf } from '../first-start.js';
import { LoginController } from './login.controller.js';
import { PageController } from './page.controller.js';

@Module({
  imports: [
    FastauthModule.forRoot({
      configFile: false,
      envFile: envFileOf('14-browser-cookies'),
      databaseUrl: 'memory:',
      accessTokenCookie: '__Host-access',
      refreshTokenCookie: '__Secure-refresh',
      accessTokenExpiresIn: 15 * 60,
    }),
  ],
  controllers: [LoginController, PageController],
})
export class AppModule {}
