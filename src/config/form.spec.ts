import { describe, expect, it } from '@jest/globals';
import {
  anyText,
  anything,
  choice,
  either,
  integer,
  listOf,
  literal,
  mapOf,
  number,
  objectOf,
  truth,
} from './forms.js';
import type { Form } from './form.js';

const faultsOf = (form: Form<unknown>, given: unknown): string[] => {
  const result = form.safeParse(given);
  return result.success ? [] : result.faults.map(({ path, code }) => `${path.join('.')} ${code}`);
};
const REQUIRED = anyText().check((text) => (text === '' ? [{ message: 'is empty' }] : []));

describe('a form', () => {
  it.each<[string, Form<unknown>, readonly unknown[], readonly unknown[]]>([
    ['text', anyText(), ['', 'a'], [undefined, null, 1, {}, [], new String('a')]],
    ['truth', truth(), [true, false], [undefined, 'true', 0]],
    ['a number', number(0.5, 2), [0.5, 2], [0.4, 2.1, NaN, Infinity, '1', 1n]],
    ['an integer', integer(1, 5), [1, 5], [0, 6, 1.5, 2 ** 53, NaN, '1']],
    ['a choice', choice(['a', 'b']), ['a', 'b'], ['c', '', undefined, ['a']]],
    ['a literal', literal(Infinity), [Infinity], [-Infinity, 'Infinity', null]],
    [
      'a list',
      listOf(anyText(), { min: 1, max: 2 }),
      [['a'], ['a', 'b']],
      [[], ['a', 'b', 'c'], 'a', { length: 1 }],
    ],
    ['a map', mapOf(anyText()), [{}, { a: 'b' }], [[], 'a', null, new Map(), new Date(), { a: 1 }]],
    [
      'an object',
      objectOf({ a: anyText(), b: anything().optional() }),
      [{ a: 'a' }],
      [{}, [], null, { a: 'a', c: 1 }],
    ],
    ['either', either(anyText(), integer(1, 2)), ['a', 1], [0, true, null]],
  ])('of %s takes nothing else', (_, form, good, bad) => {
    for (const value of good) expect(form.safeParse(value)).toEqual({ success: true, data: value });
    for (const value of bad) expect(form.safeParse(value)).toMatchObject({ success: false });
  });

  it('tells every fault at once, each with its place', () => {
    const entry = objectOf({ name: REQUIRED, ages: listOf(integer(0, 9)).optional() });
    expect(
      faultsOf(listOf(either(anyText(), entry)), ['a', { name: '', ages: [1, 10, 'x'], naem: 1 }, {}, 5]),
    ).toEqual([
      '1.name custom',
      '1.ages.1 too_big',
      '1.ages.2 invalid_type',
      '1 unrecognized_keys',
      '2.name invalid_type',
      '3 invalid_union',
    ]);
  });

  it('takes a name of the prototype for one that is not known', () => {
    const form = objectOf({ a: anyText().optional() });
    expect(faultsOf(form, JSON.parse('{"__proto__": {"a": "x"}, "constructor": 1}'))).toEqual([
      ' unrecognized_keys',
    ]);
  });

  it('gives copies, so that nobody freezes what is not theirs, and a default anew each time', () => {
    const given = [{ a: 'x' }];
    const form = listOf(mapOf(anyText())).default([{ b: 'y' }]);
    const taken = form.safeParse(given);
    expect(taken).toEqual({ success: true, data: given });
    expect(taken.success && taken.data).not.toBe(given);
    const [one, other] = [form.safeParse(undefined), form.safeParse(undefined)];
    expect(one).toEqual(other);
    expect(one.success && other.success && one.data[0] === other.data[0]).toBe(false);
  });
});
