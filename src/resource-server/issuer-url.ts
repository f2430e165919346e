const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** What keeps this from being a URL that an issuer is called at, as the end of a sentence. */
export function issuerUrlFault(url: unknown): string | undefined {
  if (typeof url !== 'string' || !URL.canParse(url))
    return 'is not a URL; write one such as "https://auth.example.com"';
  const { protocol, username, password, hash } = new URL(url);
  if (username !== '' || password !== '') return 'holds a user name or a password; leave them out';
  if (hash !== '' || url.endsWith('#')) return 'has a fragment; leave it out';
  if (protocol === 'https:' || (protocol === 'http:' && isLoopback(url))) return undefined;
  return 'is not an https:// URL; only loopback addresses may be called without TLS';
}

/** Whether nothing that is sent there leaves this machine. */
export function isLoopback(url: string): boolean {
  return LOOPBACK.test(new URL(url).hostname);
}
