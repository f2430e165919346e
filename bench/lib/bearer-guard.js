import { createSecretKey } from 'node:crypto';
import { UnauthorizedException } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { jwtPeer } from './jwt-peer.js';

export const SECRET = 'a secret of the benchmark, thirty-two bytes or more';

/** The application of a package that verifies synchronously: `verify` returns the payload, or throws. */
export function startVerifier(framework, verify) {
  return startWith(framework, (request, current) => {
    let payload;
    try {
      payload = verify(bearerOf(request));
    } catch {
      throw new UnauthorizedException();
    }
    return admit(request, payload, current);
  });
}

/** The same where `verify` returns a promise. */
export function startAsyncVerifier(framework, verify) {
  return startWith(framework, async (request, current) => {
    let payload;
    try {
      payload = await verify(bearerOf(request));
    } catch {
      throw new UnauthorizedException();
    }
    return admit(request, payload, current);
  });
}

function startWith(framework, enter) {
  const jwt = new JwtService({ secret: createSecretKey(Buffer.from(SECRET)) });
  return jwtPeer(
    framework,
    (payload, options) => jwt.sign(payload, options),
    (current) => ({
      guard: { canActivate: (context) => enter(context.switchToHttp().getRequest(), current) },
    }),
  );
}

function bearerOf({ headers: { authorization } }) {
  if (!authorization?.startsWith('Bearer ')) throw new UnauthorizedException();
  return authorization.slice(7);
}

function admit(request, payload, current) {
  if (current.get(payload.sub) !== payload.jti) throw new UnauthorizedException();
  request.user = payload;
  return true;
}
