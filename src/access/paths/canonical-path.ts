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
import { countReadings, TOO_MANY } from './path-oddities.js';
import { pathsOfTarget } from './request-target.js';

/**
 * How often a path is decoded: servers decode once, a proxy before them once more. What is encoded deeper comes from
 * no honest client, and has too many readings.
 */
const DECODINGS = 2;
/** What can be decoded once more than that; in lower case. */
const ENCODED_DEEPER = /%(?:25){2}[\da-f]{2}/;
/**
 * Readings that are written out for one target. Honest oddities have two or three (an escape, a doubled slash, a
 * parameter); more come from combinations that somebody thought up, and each would cost as much as a plain path does.
 */
const MAX_READINGS = 4;

/** Characters of an odd target that are looked at. Honest oddities are text in a script that has to be escaped. */
const MAX_LENGTH = 1024;
/** Beyond twice the target's own length, characters that decodings of it may have. */
const SPARE_LENGTH = 384;

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
      const kind = code < 128 ? KINDS[code] : 2;
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
 * `undefined` when there are more readings than a few: take it as guarded by every rule. Never throws.
 */
export function canonicalForms(target: string): readonly string[] | undefined {
  const plain = plainPath(target);
  return plain === undefined ? formsOfOddTarget(target) : [plain];
}

/**
 * As {@link canonicalForms}, for a target that {@link plainPath} gives up on. Whether it has too many readings is
 * known before any is written, so that it costs little more than a plain one.
 */
export function formsOfOddTarget(target: string): readonly string[] | undefined {
  if (target.length > MAX_LENGTH && pathLength(target) > MAX_LENGTH) return undefined;
  // Honest clients escape what is beyond ASCII, and what handles strings of such characters is slow.
  if (Buffer.byteLength(target) !== target.length) return undefined;
  const states: string[] = [];
  let readings = 0;
  const limits = limitsFor(target.length);
  for (const path of pathsOfTarget(target)) {
    readings += addDecodings(path.toLowerCase(), states, limits);
    if (readings > limits.readings) return undefined;
  }
  if (readings === states.length) return states.map(withoutTrailingSlashes);
  const forms: string[] = [];
  for (const state of states) addRewritings(state, forms);
  return forms;
}

function pathLength(target: string): number {
  const query = target.indexOf('?');
  return query === -1 ? target.length : query;
}

/** What one target may have. */
interface Limits {
  readonly readings: number;
  readonly characters: number;
}

/** The longer it is, the more each reading costs. */
function limitsFor(length: number): Limits {
  return {
    readings: Math.min(MAX_READINGS, 2 + Math.floor(SPARE_LENGTH / length)),
    characters: 2 * length + SPARE_LENGTH,
  };
}

/**
 * Adds to the states a path, and what decoding makes of it.
 * @returns how many readings the new ones have, or {@link TOO_MANY}
 */
function addDecodings(path: string, states: string[], limits: Limits): number {
  if (ENCODED_DEEPER.test(path)) return TOO_MANY;
  let readings = 0;
  let characters = 0;
  let encoded = [path];
  for (let round = 0; encoded.length > 0; round++) {
    const next: string[] = [];
    for (const state of encoded) {
      if (states.includes(state)) continue;
      states.push(state);
      readings += countReadings(state, round > 0);
      const hasEscape = state.includes('%');
      // Decoded, it has as many once more; the same with slashes that stay encoded.
      const least = round > 0 || !hasEscape ? 1 : state.includes('%2f') ? 3 : 2;
      if (least * readings > limits.readings) return TOO_MANY;
      // What was decoded once may have to be decoded again, which costs as much as another state.
      characters += round > 0 && hasEscape ? 2 * state.length : state.length;
      if (characters > limits.characters) return TOO_MANY;
      if (!hasEscape) continue;
      const decoded = percentDecode(state);
      if (decoded === state) continue;
      if (round === DECODINGS) return TOO_MANY;
      next.push(decoded.toLowerCase());
      if (state.includes('%2f')) next.push(percentDecodeExceptSlash(state).toLowerCase());
    }
    encoded = next;
  }
  return readings;
}

/** Each is what some servers do and others do not, in the order in which they are done. */
const REWRITINGS: readonly ((path: string) => string)[] = [
  (path) => (path.includes('\\') ? path.replaceAll('\\', '/') : path),
  cutAtEnd,
  cutAtParameter,
  cutParameters,
  collapseSlashes,
  resolveDotSegments,
];

/** Adds what the path says to servers that do, or do not, each of the rewritings. */
function addRewritings(path: string, forms: string[]): void {
  const start = forms.length;
  forms.push(path);
  for (const rewrite of REWRITINGS) {
    const end = forms.length;
    for (let index = start; index < end; index++) {
      const before = forms[index] ?? '';
      const after = rewrite(before);
      if (after !== before) forms.push(after);
    }
  }
  for (let index = start; index < forms.length; index++) {
    forms[index] = withoutTrailingSlashes(forms[index] ?? '');
  }
}
