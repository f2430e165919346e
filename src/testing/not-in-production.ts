import { isProduction } from '../config/production.js';

/** @throws Error this is production: what is here moves clocks and makes master tokens */
export function assertNotProduction(): void {
  if (isProduction())
    throw new Error(
      'nestjs-fastauth/testing refuses to work where NODE_ENV is "production": leave it to tests.',
    );
}
