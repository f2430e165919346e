// `keepNames` of esbuild names every function anew, at each call that makes one. Most have that name anyway.
import ts from 'typescript';

/** The code without the calls that give a function the name which it has by its place (ECMA-262, `NamedEvaluation`). */
export function withoutInferredNames(code) {
  const source = ts.createSourceFile('chunk.js', code, ts.ScriptTarget.Latest, true, ts.ScriptKind.JS);
  const cuts = [];
  const visit = (node) => {
    if (isNaming(node)) {
      const [named, name] = node.arguments;
      const { parent } = node;
      if (ts.isExpressionStatement(parent) && ts.isIdentifier(named) && named.text === name.text) {
        if (functionsOf(parent.parent).includes(name.text)) cuts.push([parent.getFullStart(), parent.end]);
      } else if (isFunction(named) && nameOfPlace(node) === name.text) {
        cuts.push([node.getFullStart() + 1, named.getStart()], [named.end, node.end]);
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  let rest = code;
  for (const [from, to] of cuts.sort(([a], [b]) => b - a)) rest = rest.slice(0, from) + rest.slice(to);
  return rest;
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
