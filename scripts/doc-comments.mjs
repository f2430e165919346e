// What is published has its documentation in the declarations; in the code an application would only read over it at each start.
import ts from 'typescript';
import { editedCode } from './edited-code.mjs';

/** Of others' rights, which have to stay. */
const LEGAL = /@licen[cs]e|@preserve|@copyright/i;

/** The code without the comments that document it; others stay. */
export function withoutDocComments(code) {
  return editedCode(code, (node) =>
    (ts.getLeadingCommentRanges(code, node.getFullStart()) ?? []).flatMap(({ pos, end }) => {
      const text = code.slice(pos, end);
      if (!text.startsWith('/**') || LEGAL.test(text)) return [];
      const line = code.lastIndexOf('\n', pos) + 1;
      const isAlone = code[end] === '\n' && code.slice(line, pos).trim() === '';
      return [isAlone ? { from: line, to: end + 1 } : { from: pos, to: end }];
    }),
  );
}
