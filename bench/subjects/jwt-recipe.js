import { createSecretKey } from 'node:crypto';
import { UnauthorizedException } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { jwtPeer } from '../lib/jwt-peer.js';

/** The guard of Nest's authentication recipe, with the look-up that makes superseded and revoked tokens bad. */
export async function start(framework, { keyObject }) {
  const secret = 'a secret of the benchmark, thirty-two bytes or more';
  const jwt = new JwtService({ secret: keyObject ? createSecretKey(Buffer.from(secret)) : secret });
  return jwtPeer(
    framework,
    (payload, options) => jwt.sign(payload, options),
    (current) => ({
      guard: {
        async canActivate(context) {
          const request = context.switchToHttp().getRequest();
          const [type, token] = request.headers.authorization?.split(' ') ?? [];
          if (type !== 'Bearer' || !token) throw new UnauthorizedException();
          try {
            const payload = await jwt.verifyAsync(token, { algorithms: ['HS256'] });
            if (current.get(payload.sub) !== payload.jti) throw new UnauthorizedException();
            request.user = payload;
          } catch {
            throw new UnauthorizedException();
          }
          return true;
        },
      },
    }),
  );
}
