import { describe, expect, it } from '@jest/globals';
import { withoutDocComments } from '../../scripts/doc-comments.mjs';

describe('comments of what is published', () => {
  it.each([
    ['of a function', 'f();\n/** Does. */\nfunction f() {\n}', 'f();\nfunction f() {\n}'],
    ['of a member', 'class A {\n  a;\n  /** One. */\n  b() {\n  }\n}', 'class A {\n  a;\n  b() {\n  }\n}'],
    ['of many lines', 'a;\n/**\n * One.\n * Two.\n */\nb;', 'a;\nb;'],
    ['before code of its line', 'a;\n/** One. */ b;', 'a;\n b;'],
    ['at the start', '/** All. */\na;', 'a;'],
  ])('that document it are left out: %s', (_, code, expected) => {
    expect(withoutDocComments(code)).toBe(expected);
  });

  it.each([
    '/** @license MIT */\na;',
    '/*! kept */\na;',
    '// build/a.js\na;',
    'f(/** first */ a, b);',
    'const a = /* @__PURE__ */ f();',
    'const a = `\n/** text */\n${b}\n/** text */\n`;',
    "const a = '/** text */';",
    'const a = /\\/\\*\\* text \\*\\//;',
  ])('others stay: %s', (code) => {
    expect(withoutDocComments(code)).toBe(code);
  });
});
