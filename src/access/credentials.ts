import type { IncomingHttpHeaders } from 'node:http';

/** The headers of a request, as Node has read them and as they were sent. */
export interface SentHeaders {
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
}

/** The credentials as sent; unverified. */
export interface Credentials {
  readonly masterToken: string | undefined;
  readonly accessToken: string | undefined;
  /** Whether `Authorization` has something that may be an access token, without the word `Bearer`. */
  readonly lacksBearer?: boolean;
}

/** A credential was sent more than once; which one counts would be a guess. @see RFC 6750 section 3.1 */
export const AMBIGUOUS = Symbol('ambiguous credentials');

/** The access token came by itself, in a cookie, and nobody can tell that a page which may do this wanted it. */
export const FOREIGN_ORIGIN = Symbol('cookie from a foreign origin');

/** What was sent, or why that cannot be used. */
export type Sent = Credentials | typeof AMBIGUOUS | typeof FOREIGN_ORIGIN;

/** Where an access token is looked for when nothing was sent on purpose. */
export interface CookieSource {
  read(request: SentHeaders & { readonly method?: string | undefined }): Sent | undefined;
}

/**
 * A value as HTTP reads it, wherever else it was sent: without white space around it.
 * @see RFC 9110 section 5.5
 */
export function fieldValue(text: string): string {
  return text.trim();
}

const BEARER = /^bearer +([^ ]+) *$/i;
/** A scheme of another kind, and what goes with it. */
const OTHER_SCHEME = /^(?!bearer[ :]|(?:access-?)?token[ :]|jwt[ :])[\w-]+ +\S/i;

/**
 * Reads MASTER-TOKEN, ACCESS-TOKEN and `Authorization: Bearer` (for access tokens only).
 * @param elsewhere access tokens that were sent with it in other places
 * @param cookie looked at where no credential was sent on purpose, good or bad: one that lingers spoils nothing
 */
export function readCredentials(
  source: SentHeaders & { readonly method?: string | undefined },
  elsewhere: readonly string[] = [],
  cookie?: CookieSource,
): Sent {
  const { headers } = source;
  const masterToken = headers['master-token'] as string | undefined;
  let accessToken = headers['access-token'] as string | undefined;
  let lacksBearer = false;
  // Node joins repeated headers of one's own with a comma, so without a comma there was one.
  if (masterToken?.includes(',') && isRepeated(source, 'master-token')) return AMBIGUOUS;
  if (accessToken?.includes(',') && isRepeated(source, 'access-token')) return AMBIGUOUS;
  if (headers.authorization !== undefined) {
    // Of a repeated Authorization header Node keeps the first and says nothing.
    if (isRepeated(source, 'authorization')) return AMBIGUOUS;
    const bearer = BEARER.exec(headers.authorization)?.[1];
    if (bearer !== undefined) {
      if (accessToken !== undefined) return AMBIGUOUS;
      accessToken = bearer;
    } else if (accessToken === undefined && elsewhere.length === 0) {
      lacksBearer = !OTHER_SCHEME.test(headers.authorization);
    }
  }
  if (elsewhere.length > 0) {
    if (accessToken !== undefined || elsewhere.length > 1) return AMBIGUOUS;
    accessToken = elsewhere[0];
  }
  if (cookie && masterToken === undefined && accessToken === undefined && !lacksBearer) {
    const byCookie = cookie.read(source);
    if (byCookie !== undefined) return byCookie;
  }
  const sent = { masterToken: masterToken || undefined, accessToken: accessToken || undefined };
  return lacksBearer ? { ...sent, lacksBearer } : sent;
}

/** Whether a header, in lower case, was sent more than once. */
export function isRepeated({ rawHeaders }: SentHeaders, name: string): boolean {
  let seen = false;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const candidate = rawHeaders[index];
    if (candidate?.length === name.length && candidate.toLowerCase() === name) {
      if (seen) return true;
      seen = true;
    }
  }
  return false;
}

/** All values of a header, in lower case, as they were sent. */
export function sentValues({ rawHeaders }: SentHeaders, name: string): string[] {
  return rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name);
}
