import * as fc from 'fast-check';

/** One way to write a path differently. */
export type Spelling = (path: string) => string;

/** Rewritings of a path that one server or other undoes, in the order in which they can be undone. */
export function spelling(): fc.Arbitrary<Spelling> {
  const at = fc.nat({ max: 200 });
  const word = fc.constantFrom('x', 'access', 'a.b', '...', '-');
  const structural = fc.oneof(
    fc.constant<Spelling>((path) => path.toUpperCase()),
    at.map<Spelling>((n) => (path) => replaceSlash(path, n, '//')),
    at.map<Spelling>((n) => (path) => replaceSlash(path, n, '/./')),
    at.map<Spelling>((n) => (path) => replaceSlash(path, n, '\\')),
    fc.tuple(at, word).map<Spelling>(
      ([n, name]) =>
        (path) =>
          replaceSlash(path, n, `/${name}/../`),
    ),
    fc.tuple(at, word).map<Spelling>(
      ([n, name]) =>
        (path) =>
          replaceSlash(path, n, `/${name}/..;${name}/`),
    ),
    fc.tuple(at, word).map<Spelling>(
      ([n, name]) =>
        (path) =>
          withParameter(path, n, name),
    ),
    fc.constant<Spelling>((path) => `${path}/`),
  );
  const encoding = fc
    .array(fc.boolean(), { minLength: 8, maxLength: 40 })
    .map<Spelling>(
      (picks) => (path) =>
        [...path]
          .map((char, index) => (index > 0 && picks[index % picks.length] ? percentEncoded(char) : char))
          .join(''),
    );
  const ending = fc.constantFrom<Spelling>(
    (path) => path,
    (path) => `${path}#x`,
    (path) => `${path}?x=/../..`,
    (path) => `${path}%23x`,
    (path) => `${path}%3fx`,
  );
  const authority = fc.constantFrom<Spelling>(
    (path) => path,
    (path) => `http://host${path}`,
    (path) => `HTTPS://user@host:80${path}`,
  );
  return fc
    .tuple(fc.array(structural, { maxLength: 4 }), ending, fc.array(encoding, { maxLength: 2 }), authority)
    .map(
      ([structure, end, encodings, origin]) =>
        (path) =>
          [...structure, end, ...encodings, origin].reduce((text, step) => step(text), path),
    );
}

/** The first slash stays: without it no server takes the target. */
function replaceSlash(path: string, n: number, by: string): string {
  const slashes = [...path.matchAll(/\//g)].map(({ index }) => index);
  const index = slashes[n % slashes.length] ?? 0;
  return index === 0
    ? by.replace('\\', '/\\') + path.slice(1)
    : path.slice(0, index) + by + path.slice(index + 1);
}

function withParameter(path: string, n: number, name: string): string {
  const segments = path.split('/');
  const index = 1 + (n % (segments.length - 1));
  return segments.map((segment, i) => (i === index ? `${segment};${name}=1` : segment)).join('/');
}

function percentEncoded(char: string): string {
  return `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
}
