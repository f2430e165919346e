import { describe, expect, it } from '@jest/globals';
import {
  cutAtEnd,
  cutAtParameter,
  cutParameters,
  percentDecode,
  percentDecodeBeyondAscii,
  percentDecodeExceptSlash,
  resolveDotSegments,
} from './path-rewrites.js';

const EXAMPLES: readonly [string, (path: string) => string, [string, string][]][] = [
  [
    'resolveDotSegments',
    resolveDotSegments,
    [
      ['/a/b', '/a/b'],
      ['/a/./b', '/a/b'],
      ['/a/../b', '/b'],
      ['/../../b', '/b'],
      ['/a/b/..', '/a'],
      ['/a/.', '/a'],
      ['/a/.b/..c', '/a/.b/..c'],
      ['/..', '/'],
    ],
  ],
  [
    'cutAtEnd',
    cutAtEnd,
    [
      ['/a?b#c', '/a'],
      ['/a#b?c', '/a'],
      ['/a\0b', '/a'],
      ['?a', '/'],
      ['/a', '/a'],
    ],
  ],
  [
    'cutAtParameter',
    cutAtParameter,
    [
      ['/a;b/c', '/a'],
      [';a', '/'],
      ['/a', '/a'],
    ],
  ],
  [
    'cutParameters',
    cutParameters,
    [
      ['/a;x=1/b;y/c', '/a/b/c'],
      ['/;/a', '//a'],
      ['/a', '/a'],
    ],
  ],
  [
    'percentDecode',
    percentDecode,
    [
      ['/%61', '/a'],
      ['/%2561', '/%61'],
      ['/%2f', '//'],
      ['/%zz%61', '/%zza'],
      ['/%ff%61', '/\ufffda'],
      ['/ä%zz', '/ä%zz'],
      ['/a', '/a'],
    ],
  ],
  [
    'percentDecodeBeyondAscii',
    percentDecodeBeyondAscii,
    [
      ['/%c3%bc%20%2f', '/ü%20%2f'],
      ['/%ff', '/\ufffd'],
      ['/%61', '/%61'],
    ],
  ],
  [
    'percentDecodeExceptSlash',
    percentDecodeExceptSlash,
    [
      ['/%61%2f', '/a%2f'],
      ['/%252f', '/%2f'],
      ['/a', '/a'],
    ],
  ],
];

describe.each(EXAMPLES)('%s', (_name, rewrite, examples) => {
  it.each(examples)('%j becomes %j', (path, expected) => expect(rewrite(path)).toBe(expected));
});
