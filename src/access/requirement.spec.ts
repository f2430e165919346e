import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { ACCESS, BOTH, MASTER, NONE, OPTIONAL, Requirement } from './requirement.js';

const SCOPES = ['a', 'b', 'c'];
const plain = fc.constantFrom(NONE, ACCESS, MASTER, BOTH, OPTIONAL);
const scoped = fc.subarray(SCOPES, { minLength: 1 }).map((names) => Requirement.ofScopes(names));
const aged = fc.constantFrom(60, 300).map((seconds) => Requirement.ofAge(seconds));
const { requirement } = fc.letrec<{ requirement: Requirement; pair: [Requirement, Requirement] }>((tie) => ({
  requirement: fc.oneof(
    { depthSize: 'small' },
    plain,
    scoped,
    aged,
    tie('pair').map(([one, other]) => one.and(other)),
    tie('pair').map(([one, other]) => one.or(other)),
  ),
  pair: fc.tuple(tie('requirement'), tie('requirement')),
}));

/** What somebody has proved. */
const proof = fc.record({
  credentials: fc.integer({ min: 0, max: 3 }),
  scopes: fc.subarray(SCOPES),
  age: fc.constantFrom(30, 100, 1000),
});
type Proof = typeof proof extends fc.Arbitrary<infer P> ? P : never;

/** As the definition has it: one alternative is met, and an access token that must be good if sent was verified. */
function isMet({ alternatives }: Requirement, { credentials, scopes, age }: Proof): boolean {
  return alternatives.some(
    (each) =>
      (each.credentials & ~credentials) === 0 &&
      each.maxAge >= age &&
      each.scopes.every((scope) => scopes.includes(scope)),
  );
}

describe('requirements', () => {
  it('are met together if each is, and one of two if either is', () => {
    fc.assert(
      fc.property(requirement, requirement, proof, (one, other, given) => {
        expect(isMet(one.and(other), given)).toBe(isMet(one, given) && isMet(other, given));
        expect(isMet(one.or(other), given)).toBe(isMet(one, given) || isMet(other, given));
      }),
      { numRuns: 3000 },
    );
  });

  it('imply another only if nobody meets them who does not meet the other', () => {
    fc.assert(
      fc.property(requirement, requirement, proof, (one, other, given) => {
        if (one.implies(other) && isMet(one, given)) expect(isMet(other, given)).toBe(true);
        expect(one.and(other).implies(one)).toBe(true);
        expect(one.and(other).implies(other)).toBe(true);
        expect(one.implies(one.or(other))).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  it('do not grow by what they ask already', () => {
    fc.assert(
      fc.property(requirement, requirement, (one, other) => {
        const both = one.and(other);
        expect(both.and(one)).toBe(both);
        expect(both.and(other)).toBe(both);
        expect(one.or(both)).toBe(one);
      }),
    );
  });

  it('are open only where nothing has to be looked at', () => {
    expect([NONE, ACCESS, MASTER, BOTH, OPTIONAL].map(({ isOpen }) => isOpen)).toEqual([
      true,
      false,
      false,
      false,
      false,
    ]);
    expect(OPTIONAL.and(ACCESS)).toBe(ACCESS);
    expect(OPTIONAL.and(MASTER).checksOptional).toBe(true);
  });

  it.each([
    [NONE, 'public'],
    [BOTH, 'access and master'],
    [OPTIONAL, 'public, an access token is checked if sent'],
    [Requirement.ofScopes(['b', 'a', 'b']), 'access with scope "b a"'],
    [MASTER.or(Requirement.ofScopes(['a'])), 'master or access with scope "a"'],
    [
      Requirement.ofScopes(['a']).and(Requirement.ofAge(300)),
      'access with scope "a" of a session begun at most 300 s ago',
    ],
  ])('are described: %#', (given, text) => expect(given.describe()).toBe(text));

  it('are read as another copy of the package wrote them, and nothing else is', () => {
    fc.assert(
      fc.property(requirement, (given) => {
        const copy = Object.assign(Object.create({}) as object, given);
        const read = Requirement.read(copy);
        expect(read?.implies(given) && given.implies(read)).toBe(true);
      }),
    );
    for (const value of [1, 'access', {}, { ...ACCESS, alternatives: [] }, { ...ACCESS, acr: 'high' }]) {
      expect(Requirement.read(value)).toBeUndefined();
    }
    const [alternative] = ACCESS.alternatives;
    expect(
      Requirement.read({ ...ACCESS, alternatives: [{ ...alternative, credentials: 4 }] }),
    ).toBeUndefined();
  });
});
