import { serveOrders } from './resource-server.js';

/*
 * Asks the authorization server about each token (RFC 7662): a revoked one is refused at once, at the price of a call.
 * Works for tokens of every algorithm, also those signed with a secret.
 */
const authority = process.env['AUTH_URL'] ?? 'http://localhost:3000';
const masterToken = process.env['MASTER_TOKEN'] ?? '';

await serveOrders(async (token) => {
  const response = await fetch(new URL('/auth/token/introspect', authority), {
    method: 'POST',
    headers: { 'MASTER-TOKEN': masterToken },
    body: new URLSearchParams({ token }),
    signal: AbortSignal.timeout(2000),
  });
  if (!response.ok) throw new Error(`introspection answered ${response.status}`);
  const state = (await response.json()) as { active: boolean; token_type?: string; client_id?: string };
  // A refresh token is active, too; only access tokens are Bearer tokens.
  return state.active && state.token_type === 'Bearer' ? state.client_id : undefined;
});
