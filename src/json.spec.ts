import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { parseStrictObject } from './json.js';

const parse = (text: string) => parseStrictObject(Buffer.from(text, 'utf8'));

describe('parseStrictObject', () => {
  it.each([
    '{"a":1,"a":1}',
    '{"a":1,"\\u0061":2}',
    '{"x":{"a":1,"a":2}}',
    '{"x":[{"a":1,"a":2}]}',
    '{"x":[1,{"b":[]}],"x":2}',
    '{ "type":"access", "type":"refresh" }',
  ])('refuses the duplicate member in %s', (text) => {
    expect(parse(text)).toBeUndefined();
  });

  it.each(['', '[]', '"a"', '1', 'null', 'true', '{', '{"a":1}x', '\ufeff{"a":1}', '{"a":1,}', "{'a':1}"])(
    'refuses %j, which is no JSON object',
    (text) => {
      expect(parse(text)).toBeUndefined();
    },
  );

  it('finds duplicate members however deep they are, and takes deep objects that have none', () => {
    const nested = (depth: number, inner: string) =>
      `{"a":${'[{"b":'.repeat(depth)}${inner}${'}]'.repeat(depth)}}`;
    for (const depth of [1, 31, 32, 33, 500]) {
      expect(parse(nested(depth, '{"c":1,"c":1}'))).toBeUndefined();
      expect(parse(nested(depth, '{"c":"[[[[{{{{","d":1}'))).toBeDefined();
    }
    expect(parse(`{"a":"${'[{'.repeat(100)}","b":1,"b":2}`)).toBeUndefined();
  });

  it('refuses bytes that are not UTF-8', () => {
    expect(parseStrictObject(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]))).toBeUndefined();
  });

  it('accepts what other writers make of the same object: spaces, escapes, floats', () => {
    expect(parse('{ "a" : 1.0 , "b" : "\\u00e9\\"{" , "c" : [ { "a" : 1 } , { "a" : 2 } ] }')).toEqual({
      a: 1,
      b: 'é"{',
      c: [{ a: 1 }, { a: 2 }],
    });
  });

  it('accepts any object that JSON.stringify wrote, indented or not', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.constantFrom(0, 2), (object, indent) => {
        const text = JSON.stringify(object, null, indent);
        expect(JSON.stringify(parse(text))).toBe(JSON.stringify(JSON.parse(text)));
      }),
    );
  });
});
