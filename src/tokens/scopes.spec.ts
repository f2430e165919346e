import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { scopeNames } from '../config/scope-name.js';
import { InvalidScopeError } from '../errors.js';
import { narrowedScope, parseScope, scopeOf } from './scopes.js';

/** @see RFC 6749 appendix A.4 */
const NQCHAR = Array.from({ length: 0x7e - 0x21 + 1 }, (_, at) => String.fromCharCode(0x21 + at)).filter(
  (character) => !['"', '\\'].includes(character),
);
const name = fc
  .array(fc.constantFrom(...NQCHAR), { minLength: 1, maxLength: 12 })
  .map((parts) => parts.join(''));
const names = fc.array(name, { maxLength: 8 });

describe('a scope', () => {
  it('comes back as it was written: its names, each once', () => {
    fc.assert(
      fc.property(names, (given) => {
        const scope = scopeOf(given, undefined);
        expect(scopeNames(scope)).toEqual([...new Set(given)]);
        if (scope !== undefined) expect(parseScope(scope)).toEqual([...new Set(given)]);
        expect(scope === undefined).toBe(given.length === 0);
      }),
    );
  });

  it('is refused with any character that the grammar does not have, wherever it is', () => {
    const foreign = fc
      .string({ unit: 'binary', minLength: 1, maxLength: 1 })
      .filter((character) => !NQCHAR.includes(character));
    fc.assert(
      fc.property(fc.string({ maxLength: 5 }), foreign, fc.string({ maxLength: 5 }), (before, bad, after) => {
        const text = before + bad + after;
        expect(() => scopeOf([text], undefined)).toThrow(InvalidScopeError);
        if (bad !== ' ') expect(() => parseScope(text)).toThrow(InvalidScopeError);
        expect(scopeNames(text)).not.toContain(text);
      }),
    );
  });

  it.each([[' a'], ['a '], ['a  b'], [''], [' '], ['a\tb'], ['a\nb'], ['"a"'], ['a\\b'], ['ä'], ['a\u0000']])(
    'is refused as text where it is %j',
    (text) => expect(() => parseScope(text)).toThrow(InvalidScopeError),
  );

  it.each([['a b'], [{ a: 1 }], [['a', 1]], [['']], [[null]], [[['a']]], [new Set(['a'])], [null], [0]])(
    'is refused as a list of names where it is %p',
    (given) => expect(() => scopeOf(given as never, undefined)).toThrow(InvalidScopeError),
  );

  it('has at most 1024 characters with its spaces', () => {
    const halves = ['a'.repeat(511), 'b'.repeat(512)];
    expect(scopeOf(halves, undefined)).toHaveLength(1024);
    expect(parseScope(halves.join(' '))).toEqual(halves);
    expect(() => scopeOf([...halves, 'c'], undefined)).toThrow('more than 1024 characters');
    expect(() => parseScope(`${halves.join(' ')} c`)).toThrow('more than 1024 characters');
    expect(() => scopeOf(['a'.repeat(1025)], undefined)).toThrow(InvalidScopeError);
  });

  it('names configured ones only; which other it named is not repeated, since it may be a token', () => {
    const known = { 'devices:read': '', constructor: '' };
    expect(scopeOf(['devices:read', 'constructor'], known)).toBe('devices:read constructor');
    expect(() => scopeOf(['devices:read', 'devices:raed'], known)).toThrow(
      'scope has a name, number 2, that is not among the scopes of the configuration; the nearest is "devices:read"',
    );
    for (const foreign of ['toString', '__proto__', 'a.secret.token'])
      expect(() => scopeOf([foreign], known)).toThrow(/^(?!.*(?:toString|proto|secret))/);
  });
});

describe('a narrowed scope', () => {
  it('never has what the session has not, whoever asks', () => {
    fc.assert(
      fc.property(
        names,
        fc.option(names, { nil: undefined }),
        fc.option(names, { nil: undefined }),
        (own, asked, allowed) => {
          const session = scopeOf(own, undefined);
          const isTooMuch = asked?.some((each) => !own.includes(each)) ?? false;
          const narrow = () => narrowedScope(session, asked, allowed);
          if (isTooMuch) return expect(narrow).toThrow(InvalidScopeError);
          const granted = scopeNames(narrow());
          const expected = [...new Set(asked ?? own)].filter((each) => allowed?.includes(each) ?? true);
          expect(granted).toEqual(expected);
          expect(own).toEqual(expect.arrayContaining([...granted]));
        },
      ),
    );
  });

  it('is empty, not missing, where nothing is left of what the session has', () => {
    expect(narrowedScope('a', undefined, [])).toBe('');
    expect(narrowedScope('a', [], undefined)).toBe('');
    expect(narrowedScope(undefined, undefined, ['a'])).toBeUndefined();
  });

  it('is not made of part of a name', () => {
    expect(() => narrowedScope('devices:read', undefined, 'devices:readers' as never)).toThrow(
      InvalidScopeError,
    );
    expect(() => narrowedScope('devices:read', ['devices'], undefined)).toThrow(
      'names more than the session has',
    );
  });
});
