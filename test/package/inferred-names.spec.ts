import { describe, expect, it } from '@jest/globals';
import { withoutInferredNames } from '../../scripts/inferred-names.mjs';

const NAME = '/* @__PURE__ */ __name';

describe('names that esbuild gives to functions', () => {
  it.each([
    ['of a constant', `const a = ${NAME}(() => 1, "a");`, 'const a = () => 1;'],
    ['of a member', `const o = { a: ${NAME}(() => 1, "a") };`, 'const o = { a: () => 1 };'],
    ['of a default', `const { a = ${NAME}(() => 1, "a") } = {};`, 'const { a = () => 1 } = {};'],
    ['of a field', `class B { a = ${NAME}(() => 1, "a"); }`, 'class B { a = () => 1; }'],
    ['of a declaration', 'function a() {}\n__name(a, "a");\na();', 'function a() {}\na();'],
    ['within another', `const a = ${NAME}(() => ${NAME}(() => 1, "b"), "a");`, undefined],
  ])('are left out where they are so anyway: %s', (_, code, expected) => {
    const rest = withoutInferredNames(code);
    expect(rest).toBe(expected ?? `const a = () => ${NAME}(() => 1, "b");`);
  });

  it.each([
    `const a2 = ${NAME}(() => 1, "a");`,
    'function a2() {}\n__name(a2, "a");',
    `const a = ${NAME}(function b() {}, "a");`,
    'class A2 { static { __name(this, "A"); } }',
    `call(${NAME}(() => 1, "a"));`,
    '{ function a() {} }\n__name(a, "a");',
  ])('stay otherwise: %s', (code) => {
    expect(withoutInferredNames(code)).toBe(code);
  });
});
