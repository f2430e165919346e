/** What a request asked for, as its first line said; of what is no request, as much as there is. */
export interface RequestLine {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  /** What the URL was before something rewrote it. */
  readonly originalUrl?: string;
}

/** Of a path, as much as is told. */
const LONGEST_PATH = 256;
/** A segment that is longer may be a token, which somebody has put there. A UUID is not. */
const LONG_SEGMENT = /[^/]{41,}/g;

/** The path of a target in any form: without scheme, user, host, query and fragment. */
const PATH = /^(?:[a-z][a-z\d+.-]*:\/\/[^/?#]*)?([^?#]*)/i;

/** A target that is all path, and told as it is. */
const PLAIN_PATH = /^(?:\/[\w.~-]{0,40})+$/;

/** Control characters, those that change the direction of writing or cannot be seen, and halves of surrogate pairs. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** For the audit trail: method and path as they were sent, the path bounded and fit to be shown. */
export function toldRequestLine({ method, url, originalUrl = url }: RequestLine): {
  method: string | undefined;
  path: string | undefined;
} {
  return { method, path: originalUrl === undefined ? undefined : toldPath(originalUrl) };
}

function toldPath(target: string): string {
  if (target.length <= LONGEST_PATH && PLAIN_PATH.test(target)) return target;
  const path = (PATH.exec(target)?.[1] || '/').replaceAll(LONG_SEGMENT, '…');
  const told = path.length > LONGEST_PATH ? `${path.slice(0, LONGEST_PATH)}…` : path;
  return told.replaceAll(UNPRINTABLE, '\uFFFD');
}
