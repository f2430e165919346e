import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { Module } from '@nestjs/common';
import { GraphQLModule } from '@nestjs/graphql';
import { FastauthModule } from 'nestjs-fastauth';
import { envFileOf } from '../first-start.js';
import { DevicesResolver } from './devices.resolver.js';

@Module({
  imports: [
    FastauthModule.forRoot({
      configFile: false,
      envFile: envFileOf('12-graphql'),
      databaseUrl: 'memory:',
    }),
    GraphQLModule.forRoot<ApolloDriverConfig>({
      driver: ApolloDriver,
      autoSchemaFile: true,
      // Without it Nest asks no guard before fields, and the application would not start.
      fieldResolverEnhancers: ['guards'],
      subscriptions: { 'graphql-ws': true },
      includeStacktraceInErrorResponses: false,
    }),
  ],
  providers: [DevicesResolver],
})
export class AppModule {}
