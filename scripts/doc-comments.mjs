// What is published has its documentation in the declarations; in the code an application would only read over it at each start.
import ts from 'typescript';

/** Of others' rights, which have to stay. */
const LEGAL = /@licen[cs]e|@preserve|@copyright/i;

/** The code without the comments that document it; others stay. */
export function withoutDocComments(code) {
  const source = ts.createSourceFile('chunk.js', code, ts.ScriptTarget.Latest, true, ts.ScriptKind.JS);
  const cuts = new Map();
  const visit = (node) => {
    for (const { pos, end } of ts.getLeadingCommentRanges(code, node.getFullStart()) ?? []) {
      const text = code.slice(pos, end);
      if (text.startsWith('/**') && !LEGAL.test(text)) cuts.set(pos, end);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  let rest = code;
  for (const [from, to] of [...cuts].sort(([a], [b]) => b - a)) {
    const before = rest.slice(0, from).replace(/\n[ \t]*$/, '');
    // A comment alone on its lines goes with them; one within a line leaves the rest of that line as it is.
    const isAlone = before.length < from && rest[to] === '\n';
    rest = (isAlone ? before : rest.slice(0, from)) + rest.slice(to);
  }
  return rest;
}
