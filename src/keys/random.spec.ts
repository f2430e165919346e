import { describe, expect, it } from '@jest/globals';
import { randomBytes } from './random.js';

describe('random bytes', () => {
  it('are as many as asked for, never the same, never what was left blank', () => {
    const seen = new Set<string>();
    const wrong: string[] = [];
    for (let index = 0; index < 10_000; index++) {
      const length = 12 + (index % 21);
      const bytes = randomBytes(length);
      const text = bytes.toString('hex', 0, 12);
      if (bytes.length !== length || text.includes('0000000000')) wrong.push(text);
      seen.add(text);
    }
    expect(wrong).toEqual([]);
    expect(seen.size).toBe(10_000);
    expect(randomBytes(4096)).toHaveLength(4096);
  });

  it('use every value of a byte about as often', () => {
    const counts = new Uint32Array(256);
    for (let index = 0; index < 8192; index++) for (const byte of randomBytes(32)) counts[byte]!++;
    // Chi-squared over 256 values: 255 on average, beyond 400 in fewer than one of ten million runs.
    const expected = (8192 * 32) / 256;
    expect(counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)).toBeLessThan(400);
  });
});
