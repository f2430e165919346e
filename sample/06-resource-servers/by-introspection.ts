// Shows a resource server that asks the authorization server about each token.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { FastauthModule } from 'nestjs-fastauth';
import { OrdersController, serve } from './orders.js';
import { AUDIENCE, INTROSPECTION_PORT, ISSUER, readClientSecret } from './settings.js';

/*
 * Asks the authorization server about each token (RFC 7662): a revoked one is refused at once, at the price of a call.
 * Works for tokens of every format and algorithm, also those signed with a secret. With a `cacheFor` of some seconds,
 * most requests need no call. CLIENT_SECRET is what the authorization server knows it by.
 */
@Module({
  imports: [
    FastauthModule.forResourceServer({
      configFile: false,
      issuer: ISSUER,
      audience: AUDIENCE,
      introspection: {
        clientId: 'orders',
        clientSecret: await readClientSecret(),
        cacheFor: 0,
      },
    }),
  ],
  controllers: [OrdersController],
})
class AppModule {}

await serve(AppModule, INTROSPECTION_PORT);
