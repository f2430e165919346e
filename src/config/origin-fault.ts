/** What keeps this from being an origin as browsers send it, as the end of a sentence. @see RFC 6454 section 7 */
export function originFault(origin: string): string | undefined {
  const url = URL.canParse(origin) ? new URL(origin) : undefined;
  if (url === undefined || url.origin === 'null')
    return 'is no origin; write one such as "https://app.example.com"';
  const isBare = url.pathname === '/' && url.search === '' && url.hash === '' && url.username === '';
  return isBare ? undefined : `is more than an origin; write ${JSON.stringify(url.origin)}`;
}

/** With case, default port and end as a browser sends them. */
export function asBrowsersSpellIt(origin: string): string {
  return new URL(origin).origin;
}
