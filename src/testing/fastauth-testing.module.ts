import type { DynamicModule } from '@nestjs/common';
import { FastauthModule } from '../fastauth.module.js';
import { generateCryptographyKey } from '../keys/cryptography-key.js';
import { randomBytes } from '../keys/random.js';
import { assertNotProduction } from './not-in-production.js';

type Options = NonNullable<Parameters<typeof FastauthModule.forRoot>[0]>;

/**
 * `FastauthModule` for tests: sessions in memory, secrets of its own, no file read and none written.
 *
 * @example
 * Test.createTestingModule({ imports: [AppModule] })
 *   .overrideModule(fastauth) // The constant that AppModule imports.
 *   .useModule(FastauthTestingModule.forRoot())
 */
export class FastauthTestingModule {
  /**
   * @param options as of `FastauthModule.forRoot`; they win over what is set here
   * @throws Error `NODE_ENV` is `production`
   */
  static forRoot(options: Options = {}): DynamicModule {
    assertNotProduction();
    return FastauthModule.forRoot({
      configFile: false,
      envFile: false,
      databaseUrl: 'memory:',
      cryptographyKey: generateCryptographyKey(),
      masterToken: `master-of-tests-${randomBytes(16).toString('base64url')}`,
      auditLog: 'off',
      ...options,
    });
  }
}
