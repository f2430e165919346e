import { describe, expect, it } from '@jest/globals';
import { isInRange } from './version-range.js';

describe('isInRange', () => {
  it.each([
    ['20.19.0', '^20.19 || ^22.12 || >=24', true],
    ['v24.1.0', '^20.19 || ^22.12 || >=24', true],
    ['20.18.9', '^20.19 || ^22.12 || >=24', false],
    ['23.0.0', '^20.19 || ^22.12 || >=24', false],
    ['11.2.6', '^11.2.6 || ^12.0.0', true],
    ['11.2.5', '^11.2.6 || ^12.0.0', false],
    ['13.0.0', '^11.2.6 || ^12.0.0', false],
    ['0.28.7', '^0.28.0', true],
    ['0.29.0', '^0.28.0', false],
    ['12.0.0-next.1', '^12.0.0', true],
  ])('%s in %s: %s', (version, range, expected) => {
    expect(isInRange(version, range)).toBe(expected);
  });
});
