// Shows a resource server that verifies tokens by the published keys.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { FastauthModule } from 'nestjs-fastauth';
import { OrdersController, serve } from './orders.js';
import { AUDIENCE, ISSUER, JWKS_PORT } from './settings.js';

/*
 * Verifies by itself, with the published keys: no call for a request, but a revoked token is good until it expires.
 * Give access tokens a short lifetime then (`access-token-expires-in`).
 */
@Module({
  imports: [FastauthModule.forResourceServer({ configFile: false, issuer: ISSUER, audience: AUDIENCE })],
  controllers: [OrdersController],
})
class AppModule {}

await serve(AppModule, JWKS_PORT);
