import type { IncomingMessage } from 'node:http';

const CREDENTIALS = ['access-token', 'master-token', 'authorization'];

/**
 * Whether a browser asks here, before it sends a request of another origin, what that may be. It carries no
 * credentials by design. @see the Fetch standard, "CORS-preflight request"
 */
export function isPreflight({ method, headers }: IncomingMessage): boolean {
  return (
    method === 'OPTIONS' &&
    headers.origin !== undefined &&
    headers['access-control-request-method'] !== undefined &&
    !CREDENTIALS.some((name) => headers[name] !== undefined)
  );
}
