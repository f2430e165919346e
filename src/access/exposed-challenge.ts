const CHALLENGE = 'WWW-Authenticate';
const ALLOW_ORIGIN = 'access-control-allow-origin';
const EXPOSE_HEADERS = 'Access-Control-Expose-Headers';

/**
 * Lets a page of another origin read the challenge of a refusal, where the application lets it read the answer. What
 * the application exposes stays exposed.
 * @param headers of the refusal
 * @param headerOf what the application has set of its answer, by name
 * @see Fetch Standard, section "CORS protocol", RFC 9728 section 5.1
 */
export function exposingChallenge(
  headers: Readonly<Record<string, string>>,
  headerOf: (name: string) => unknown,
): Readonly<Record<string, string>> {
  if (headers[CHALLENGE] === undefined || headerOf(ALLOW_ORIGIN) === undefined) return headers;
  const exposed = namesIn(headerOf(EXPOSE_HEADERS.toLowerCase()));
  const isExposed = exposed.some((name) => name.toLowerCase() === CHALLENGE.toLowerCase());
  return isExposed ? headers : { ...headers, [EXPOSE_HEADERS]: [...exposed, CHALLENGE].join(', ') };
}

/** Of a header that Node or a framework has as a text or as a list of texts. */
function namesIn(value: unknown): readonly string[] {
  const texts: readonly unknown[] = Array.isArray(value) ? value : [value];
  return texts
    .filter((text) => typeof text === 'string')
    .flatMap((text) => text.split(','))
    .map((name) => name.trim())
    .filter((name) => name !== '');
}
