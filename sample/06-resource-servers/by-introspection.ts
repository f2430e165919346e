import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { FastauthModule } from 'nestjs-fastauth';
import { AUDIENCE, ISSUER, OrdersController, serve } from './orders.js';

/*
 * Asks the authorization server about each token (RFC 7662): a revoked one is refused at once, at the price of a call.
 * Works for tokens of every format and algorithm, also those signed with a secret. With a `cacheFor` of some seconds,
 * most requests need no call. CLIENT_SECRET is the secret that `fastauth client add` has printed for it.
 */
@Module({
  imports: [
    FastauthModule.forResourceServer({
      configFile: false,
      issuer: ISSUER,
      audience: AUDIENCE,
      introspection: {
        clientId: 'orders',
        clientSecret: process.env['CLIENT_SECRET'] ?? '',
        cacheFor: 0,
      },
    }),
  ],
  controllers: [OrdersController],
})
class AppModule {}

await serve(AppModule);
