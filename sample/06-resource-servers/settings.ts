import { readKeyFromEnv } from 'nestjs-fastauth';
import { envFileOf, keySetFileOf } from '../first-start.js';

export const ENV_FILE = envFileOf('06-resource-servers');
export const KEY_SET_FILE = keySetFileOf('06-resource-servers');

export const PORT = Number(process.env['PORT'] || 3000);
export const JWKS_PORT = Number(process.env['JWKS_PORT'] || 3001);
export const INTROSPECTION_PORT = Number(process.env['INTROSPECTION_PORT'] || 3002);

/** The authorization server, exactly as its tokens name it. */
export const ISSUER = process.env['ISSUER'] || `http://localhost:${PORT}`;
/** What tokens name the resource servers by. */
export const AUDIENCE = 'https://orders.example.com';

/** By which `by-introspection.ts` authenticates itself; `main.ts` makes it. */
export async function readClientSecret(): Promise<string> {
  return (
    process.env['CLIENT_SECRET'] || ((await readKeyFromEnv({ name: 'CLIENT_SECRET', path: ENV_FILE })) ?? '')
  );
}
