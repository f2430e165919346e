// Node 20 makes a hidden class anew each time that `{ ...other, member }` is evaluated, and collects it with the old generation
// only: it takes 0.4 µs instead of 0.05. It does not for a literal that begins otherwise.
import ts from 'typescript';
import { editedCode } from './edited-code.mjs';

/** The code with a spread of nothing before each first spread of an object literal that has more members. */
export function withSteadyShapes(code) {
  return editedCode(code, (node) => {
    if (!ts.isObjectLiteralExpression(node)) return [];
    const [first, ...more] = node.properties;
    if (!first || !ts.isSpreadAssignment(first) || more.length === 0) return [];
    const from = first.getStart();
    return [{ from, to: from, text: '...void 0, ' }];
  });
}
