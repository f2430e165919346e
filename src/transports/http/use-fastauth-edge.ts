import type { INestApplicationContext } from '@nestjs/common';
import { EdgePlace } from './edge-place.js';

/**
 * Puts the edge, which holds path rules and `default-access`, where this is called: behind what the application has
 * been given by then, such as CORS, helmet or a request log, whose headers refusals then carry. What stands before it
 * and answers itself is not guarded by path rules, and is named at start. Without this call the edge comes first.
 *
 * @throws ConfigError when called twice, or after `app.init()`
 * @example
 * app.use(helmet());
 * app.enableCors();
 * useFastauthEdge(app);
 */
export function useFastauthEdge(app: Pick<INestApplicationContext, 'get'>): void {
  app.get(EdgePlace, { strict: false }).move();
}
