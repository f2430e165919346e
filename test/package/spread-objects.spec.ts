import { describe, expect, it } from '@jest/globals';
import { runInThisContext } from 'node:vm';
import { withSteadyShapes } from '../../scripts/spread-objects.mjs';

describe('object literals that begin with a spread', () => {
  it.each([
    ['a member after it', 'const o = { ...a, b };', 'const o = { ...void 0, ...a, b };'],
    ['another spread', '({ ...a, ...b });', '({ ...void 0, ...a, ...b });'],
    ['within another', 'f({ ...a, b: { ...c, d } });', 'f({ ...void 0, ...a, b: { ...void 0, ...c, d } });'],
    ['a condition', '({ ...(a && { b }), ...c });', '({ ...void 0, ...(a && { b }), ...c });'],
  ])('get a spread of nothing before it: %s', (_, code, expected) => {
    expect(withSteadyShapes(code)).toBe(expected);
  });

  it.each(['({ ...a });', '({ b, ...a });', 'const { ...a } = b;', '({ ...a } = b);', 'f(...a, b);'])(
    'others stay as they are: %s',
    (code) => {
      expect(withSteadyShapes(code)).toBe(code);
    },
  );

  it('say the same, members of odd names too', () => {
    const code = '({ ...JSON.parse(\'{"__proto__":1,"a":1}\'), a: 2, get b() { return 3; } })';
    const [before, after] = [code, withSteadyShapes(code)].map((text) =>
      Object.getOwnPropertyDescriptors(runInThisContext(text) as object),
    );
    expect(Object.keys(after ?? {})).toEqual(['__proto__', 'a', 'b']);
    expect(JSON.stringify(after)).toBe(JSON.stringify(before));
  });
});
