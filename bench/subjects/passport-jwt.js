import { createSecretKey } from 'node:crypto';
import { JwtService } from '@nestjs/jwt';
import { AuthGuard, PassportModule, PassportStrategy } from '@nestjs/passport';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { jwtPeer } from '../lib/jwt-peer.js';

/** @nestjs/passport with passport-jwt as documented, with the look-up that makes superseded and revoked tokens bad. */
export async function start(framework, { keyObject }) {
  const secret = 'a secret of the benchmark, thirty-two bytes or more';
  const key = keyObject ? createSecretKey(Buffer.from(secret)) : secret;
  const jwt = new JwtService({ secret: key });
  return jwtPeer(
    framework,
    (payload, options) => jwt.sign(payload, options),
    (current) => {
      class JwtStrategy extends PassportStrategy(Strategy) {
        constructor() {
          super({
            jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
            secretOrKey: key,
            algorithms: ['HS256'],
          });
        }
        validate(payload) {
          return current.get(payload.sub) === payload.jti ? payload : null;
        }
      }
      const strategy = new JwtStrategy();
      void strategy;
      return { guard: new (AuthGuard('jwt'))(), imports: [PassportModule] };
    },
  );
}
