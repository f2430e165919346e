/** What of a response is used here: of Node's own and Express's, or a Fastify reply, which keeps its own headers. */
export interface CookieResponse {
  getHeader(name: string): unknown;
  removeHeader(name: string): unknown;
  setHeader?(name: string, value: string | readonly string[]): unknown;
  header?(name: string, value: string | readonly string[]): unknown;
}

/** Adds `Set-Cookie` headers beside those of the application; of two for one cookie the last counts. @see RFC 6265 section 4.1.1 */
export function writeCookies(response: CookieResponse, cookies: readonly string[]): void {
  if (cookies.length === 0) return;
  const nameOf = (cookie: string): string => cookie.slice(0, cookie.indexOf('='));
  const names = new Set(cookies.map(nameOf));
  const before = [response.getHeader('Set-Cookie') ?? []].flat() as string[];
  const all = [...before.filter((cookie) => !names.has(nameOf(String(cookie)))), ...cookies];
  // Fastify would add to those that are there.
  response.removeHeader('Set-Cookie');
  writeHeader(response, 'Set-Cookie', all);
}

/** Whatever takes headers: Node's response has the one method, Fastify's reply the other. */
export function writeHeader(response: CookieResponse, name: string, value: string | readonly string[]): void {
  if (response.setHeader) response.setHeader(name, value);
  else response.header?.(name, value);
}
