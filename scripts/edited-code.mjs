import ts from 'typescript';

/**
 * The code with changes of its text.
 * @param editsOf what each node of the syntax tree asks for: `text` (default: nothing) in the place of `from` to `to`
 */
export function editedCode(code, editsOf) {
  const source = ts.createSourceFile('chunk.js', code, ts.ScriptTarget.Latest, true, ts.ScriptKind.JS);
  // A node and its first child begin at the same place, and may ask for the same.
  const edits = new Map();
  const visit = (node) => {
    for (const edit of editsOf(node)) edits.set(edit.from, edit);
    ts.forEachChild(node, visit);
  };
  visit(source);
  let rest = code;
  for (const { from, to, text = '' } of [...edits.values()].sort((a, b) => b.from - a.from))
    rest = rest.slice(0, from) + text + rest.slice(to);
  return rest;
}
