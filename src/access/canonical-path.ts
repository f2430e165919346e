import {
  collapseSlashes,
  cutAtEnd,
  cutAtParameter,
  cutParameters,
  percentDecode,
  percentDecodeExceptSlash,
  resolveDotSegments,
  withoutTrailingSlashes,
} from './path-rewrites.js';
import { pathsOfTarget } from './request-target.js';

/** How often a path is decoded: servers decode once, a proxy before them once more; twice that is safe. */
const DECODINGS = 4;
/** Characters one target may make us write. An honest one, at Node's limit of 16 KiB of headers, stays far below. */
const BUDGET = 1 << 17;

/** What any rewriting but decoding looks for. */
const REWRITABLE = /[\\;?#\p{Cc}]|\/[/.]/u;

/** What {@link plainPath} does with an ASCII character: 0 gives up, 1 takes it, 2 takes it in lower case. */
const KINDS = Uint8Array.from({ length: 128 }, (_, code) => {
  if (code <= 0x20 || code === 0x7f || '%;#\\'.includes(String.fromCharCode(code))) return 0;
  return code >= 0x41 && code <= 0x5a ? 2 : 1;
});

/**
 * The one canonical form of a target that has only one, which is nearly every honest request; otherwise
 * `undefined`, and {@link canonicalForms} must be asked. On the path of every request: one scan, one slice.
 */
export function plainPath(target: string): string | undefined {
  if (target.charCodeAt(0) !== 47) return undefined;
  let end = target.length;
  let previous = 47;
  let hasUpperCase = false;
  for (let index = 1; index < end; index++) {
    const code = target.charCodeAt(index);
    if (code === 63) {
      end = index;
    } else {
      const kind = code < 128 ? KINDS[code] : 0;
      if (kind === 0) return undefined;
      if (previous === 47 && (code === 47 || (code === 46 && !isLowerCaseLetter(target, index + 1)))) {
        return undefined;
      }
      if (kind === 2) hasUpperCase = true;
      previous = code;
    }
  }
  if (previous === 47 && end > 1) end--;
  const path = end === target.length ? target : target.slice(0, end);
  return hasUpperCase ? path.toLowerCase() : path;
}

/** A dot before a letter, as in `/.well-known`, is no dot segment, however it is read. */
function isLowerCaseLetter(target: string, index: number): boolean {
  const code = target.charCodeAt(index);
  return code >= 0x61 && code <= 0x7a;
}

/**
 * Every path, in lower case, that some server might take a raw request target for: servers differ in whether
 * they decode (and how often), collapse slashes, resolve dot segments, and where they end a path. Each way of
 * reading votes on its own, because a rewriting that one server does can also hide what another one serves.
 * `undefined` when there are too many readings to write out: take it as guarded by every rule.
 * Never throws; time is linear in the length of the target, and bounded.
 */
export function canonicalForms(target: string): readonly string[] | undefined {
  const plain = plainPath(target);
  if (plain !== undefined) return [plain];
  const forms = new Set<string>();
  const read = new Set<string>();
  let written = 0;
  for (const start of pathsOfTarget(target)) {
    const path = start.toLowerCase();
    for (const decode of waysToDecode(path)) {
      let state = decode === decodeNormalised ? normalise(path) : path;
      for (let round = 0; round <= DECODINGS && written <= BUDGET; round++) {
        if (!read.has(state)) {
          read.add(state);
          written += state.length;
          for (const form of readings(state)) {
            forms.add(form);
            written += form.length;
            if (written > BUDGET) break;
          }
        }
        const next = decode(state).toLowerCase();
        if (next === state) break;
        state = next;
      }
    }
  }
  return written > BUDGET ? undefined : [...forms];
}

/** Decoders that leave the structure alone, keep encoded slashes out of it, or normalise between decodings. */
function waysToDecode(path: string): readonly ((path: string) => string)[] {
  if (!path.includes('%')) return [percentDecode, decodeNormalised];
  return path.includes('2f')
    ? [percentDecode, percentDecodeExceptSlash, decodeNormalised]
    : [percentDecode, decodeNormalised];
}

function decodeNormalised(path: string): string {
  return normalise(percentDecode(path));
}

function normalise(path: string): string {
  return resolveDotSegments(collapseSlashes(cutParameters(path.replaceAll('\\', '/'))));
}

/** What the path says to servers that do, or do not, each of the rewritings, in the order they are done in. */
function readings(path: string): Iterable<string> {
  return REWRITABLE.test(path) ? rewritings(path) : [withoutTrailingSlashes(path)];
}

function* rewritings(path: string): Generator<string> {
  for (const slashed of both(path, path.replaceAll('\\', '/'))) {
    for (const ended of both(slashed, cutAtEnd(slashed))) {
      for (const cut of new Set([ended, cutAtParameter(ended), cutParameters(ended)])) {
        for (const collapsed of both(cut, collapseSlashes(cut))) {
          for (const resolved of both(collapsed, resolveDotSegments(collapsed))) {
            yield withoutTrailingSlashes(resolved);
          }
        }
      }
    }
  }
}

function both(before: string, after: string): readonly string[] {
  return before === after ? [before] : [before, after];
}
