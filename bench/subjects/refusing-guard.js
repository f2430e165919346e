import { UnauthorizedException } from '@nestjs/common';
import { get, listen } from '../lib/nest-app.js';

/** A guard that looks at nothing and refuses: what Nest's way to such an answer costs. */
export async function start(framework) {
  // One for all, so that no stack is taken.
  const refusal = new UnauthorizedException();
  const guard = { canActivate: () => Promise.reject(refusal) };
  return { app: await listen(framework, { guard }), load: { requests: [get('/bench/whoami')], expect: 401 } };
}
