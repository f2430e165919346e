/** First characters that no host name holds: here Node's `url.parse`, and so Express, begins the path. */
const AFTER_HOST = /[/\\?#;"%'<>^`{|}\s]/;

/**
 * Every path that a server may take a request target for: without scheme and authority, without the query,
 * and both with and without the fragment (some routers cut at `#`, some static servers do not).
 * @see RFC 9112 section 3.2 for the forms of a request target.
 */
export function pathsOfTarget(target: string): readonly string[] {
  const paths: string[] = [];
  const add = (path: string): void => {
    const rooted = path.startsWith('/') ? path : `/${path}`;
    if (!paths.includes(rooted)) paths.push(rooted);
  };
  for (const start of withoutAuthority(target)) {
    const path = before(start, '?');
    add(path);
    if (path.includes('#')) add(before(path, '#'));
  }
  return paths;
}

function withoutAuthority(target: string): readonly string[] {
  if (target.startsWith('/')) {
    // `new URL(target, base)` takes the first segment of a `//` target for a host.
    const second = target.charCodeAt(1);
    return second === 0x2f || second === 0x5c ? [target, afterHost(target.slice(2))] : [target];
  }
  const scheme = target.indexOf('://');
  if (scheme === -1) return [target];
  const rest = target.slice(scheme + 3);
  // Fastify looks for the first slash only, Express stops at any character that cannot be in a host.
  const slash = rest.indexOf('/');
  return slash === -1 ? [afterHost(rest)] : [afterHost(rest), rest.slice(slash)];
}

function afterHost(text: string): string {
  const start = text.search(AFTER_HOST);
  return start === -1 ? '/' : text.slice(start);
}

function before(text: string, mark: string): string {
  const end = text.indexOf(mark);
  return end === -1 ? text : text.slice(0, end);
}
