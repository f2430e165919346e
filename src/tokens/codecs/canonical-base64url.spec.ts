import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { decodeCanonical, isCanonical } from './canonical-base64url.js';

const near = fc.stringMatching(/^[\w+/=. \u00e9-]{0,12}$/);
const bytes = fc.uint8Array({ maxLength: 300 }).map((given) => Buffer.from(given));

describe('canonical base64url', () => {
  it('is what the bytes of a text are written as, and nothing else', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          near,
          fc.string(),
          bytes.map((given) => given.toString('base64url')),
        ),
        (text) => {
          const decoded = Buffer.from(text, 'base64url');
          const isOne = decoded.length > 0 && decoded.toString('base64url') === text;
          expect(isCanonical(text)).toBe(isOne);
          expect(decodeCanonical(text)).toEqual(isOne ? decoded : undefined);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('ends in no bits that stand for no byte', () => {
    for (const last of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_') {
      for (const text of [last, `A${last}`, `AA${last}`, `AAA${last}`]) {
        expect(isCanonical(text)).toBe(
          Buffer.from(text, 'base64url').toString('base64url') === text && text !== '',
        );
      }
    }
  });

  it.each(['AA\n', 'AAAA\n', 'AA==', 'AA ', '\nAA', 'AA\u2028', ''])('is not %j', (text) => {
    expect(isCanonical(text)).toBe(false);
  });
});
