import { expect, it } from '@jest/globals';
import { printable } from './command-output.js';

it.each([
  ['a b', 'a b'],
  ['ü 日本 🔑', 'ü 日本 🔑'],
  ['\u202enimda', '\\u202enimda'],
  ['a\u200bb\u00adc', 'a\\u200bb\\u00adc'],
  ['\u3164\ufe0f', '\\u3164\\ufe0f'],
  ['a\u00a0b\u3000c\u2028', 'a\\u00a0b\\u3000c\\u2028'],
  ['\u{e0041}\ud800', '\\udb40\\udc41\\ud800'],
])('%j is printed without hidden characters', (text, expected) => {
  expect(printable(text)).toBe(expected);
});
