// `keepNames` of esbuild names every function anew, at each call that makes one. Most have that name anyway.
import ts from 'typescript';
import { editedCode } from './edited-code.mjs';

/** The code without the calls that give a function the name which it has by its place (ECMA-262, `NamedEvaluation`). */
export function withoutInferredNames(code) {
  return editedCode(code, (node) => {
    if (!isNaming(node)) return [];
    const [named, name] = node.arguments;
    const { parent } = node;
    if (ts.isExpressionStatement(parent) && ts.isIdentifier(named) && named.text === name.text) {
      const isDeclared = functionsOf(parent.parent).includes(name.text);
      return isDeclared ? [{ from: parent.getFullStart(), to: parent.end }] : [];
    }
    if (!isFunction(named) || nameOfPlace(node) !== name.text) return [];
    return [
      { from: node.getFullStart() + 1, to: named.getStart() },
      { from: named.end, to: node.end },
    ];
  });
}

function isNaming(node) {
  return (
    ts.isCallExpression(node) &&
    ts.isIdentifier(node.expression) &&
    node.expression.text === '__name' &&
    node.arguments.length === 2 &&
    ts.isStringLiteral(node.arguments[1])
  );
}

/** Without a name of its own. */
function isFunction(node) {
  return ts.isArrowFunction(node) || (ts.isFunctionExpression(node) && node.name === undefined);
}

/** Of `const name = …`, `{ name: … }`, a field or a default. */
function nameOfPlace({ parent }) {
  const isNamed =
    ts.isVariableDeclaration(parent) ||
    ts.isPropertyAssignment(parent) ||
    ts.isPropertyDeclaration(parent) ||
    ts.isBindingElement(parent);
  return isNamed && ts.isIdentifier(parent.name) ? parent.name.text : undefined;
}

function functionsOf(block) {
  return block.statements.filter(ts.isFunctionDeclaration).map((declared) => declared.name?.text);
}
