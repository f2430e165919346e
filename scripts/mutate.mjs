// `npm run mutate [-- LIMIT]`: changes src/access, src/tokens and src/keys in one place at a time, and looks whether a
// test notices. Works on a copy in .mutation/, in an order that a fixed seed makes; run again, it goes on where it was.
// LIMIT is how many mutants are tried at most (default: all). The result is .mutation/report.json.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const ROOMS = ['src/access', 'src/tokens', 'src/keys'];
const TREE = '.mutation';
const REPORT = join(TREE, 'report.json');
const SEED = 'fastauth';
/** A mutant that makes the specs last so many times as long as without it counts as noticed: something waits for ever. */
const PATIENCE = 6;
const FIRST_TIME_LIMIT = 600_000;
/** Asked when no spec beside the source notices. */
const SPECS = [
  'test/e2e/(guarded-routes|token-endpoints|master-tokens|token-formats)\\.spec',
  'test/security/(brute-force|jwt-attacks|hostile-formats|http-shapes)\\.spec',
  'test/(faults/clock-jumps|compliance/rfc(7009|7662|9068))\\.spec',
];

const { SyntaxKind: Kind } = ts;
const SWAPPED = new Map([
  [Kind.EqualsEqualsEqualsToken, '!=='],
  [Kind.ExclamationEqualsEqualsToken, '==='],
  [Kind.LessThanToken, '<='],
  [Kind.LessThanEqualsToken, '<'],
  [Kind.GreaterThanToken, '>='],
  [Kind.GreaterThanEqualsToken, '>'],
  [Kind.AmpersandAmpersandToken, '||'],
  [Kind.BarBarToken, '&&'],
]);

/** What may be put in place of a node. */
function* replacements(node, source) {
  const text = (part) => part.getText(source);
  if (ts.isBinaryExpression(node)) {
    const swapped = SWAPPED.get(node.operatorToken.kind);
    if (swapped) yield [node.operatorToken, swapped];
    if (node.operatorToken.kind === Kind.QuestionQuestionToken) yield [node, `(${text(node.left)})`];
  }
  if (ts.isPrefixUnaryExpression(node) && node.operator === Kind.ExclamationToken) {
    yield [node, `(${text(node.operand)})`];
  }
  if (!ts.isLiteralTypeNode(node.parent ?? node)) {
    if (node.kind === Kind.TrueKeyword) yield [node, 'false'];
    if (node.kind === Kind.FalseKeyword) yield [node, 'true'];
  }
  if (ts.isIfStatement(node)) {
    yield [node.expression, 'true'];
    yield [node.expression, 'false'];
  }
  if (ts.isConditionalExpression(node)) {
    yield [node.condition, 'true'];
    yield [node.condition, 'false'];
  }
  if (ts.isExpressionStatement(node) && !text(node).startsWith('super(')) yield [node, ';'];
  if (ts.isThrowStatement(node)) yield [node, ';'];
  if (ts.isReturnStatement(node) && node.expression && text(node.expression) !== 'undefined')
    yield [node, 'return undefined;'];
  if (isCompared(node) && ts.isNumericLiteral(node)) yield [node, `(${text(node)} + 1)`];
  if (isCompared(node) && ts.isStringLiteral(node)) yield [node, "'mutant'"];
}

function isCompared({ parent }) {
  return parent && ts.isBinaryExpression(parent) && SWAPPED.has(parent.operatorToken.kind);
}

function mutantsOf(file) {
  const code = readFileSync(file, 'utf8');
  const source = ts.createSourceFile(file, code, ts.ScriptTarget.Latest, true);
  const found = [];
  const visit = (node) => {
    for (const [target, text] of replacements(node, source)) {
      const [start, end] = [target.getStart(source), target.getEnd()];
      const { line } = source.getLineAndCharacterOfPosition(start);
      found.push({ file, line: line + 1, from: code.slice(start, end), to: text, start, end });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found.map((mutant) => ({ ...mutant, code, id: digest(code, mutant.start, mutant.end, mutant.to) }));
}

function digest(...parts) {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}

/** Whether the specs fail, or last longer than `limit` milliseconds. */
function fails(limit, ...args) {
  const { status, error } = spawnSync(
    process.execPath,
    [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      '../node_modules/jest/bin/jest.js',
      ...['--config', 'mutation.config.js', '--runInBand', '--bail', '--silent', ...args],
    ],
    { cwd: TREE, stdio: 'ignore', timeout: limit, killSignal: 'SIGKILL' },
  );
  if (error && error.code !== 'ETIMEDOUT') throw error;
  return status !== 0;
}

/** The specs beside the sources: of all three rooms, since each is used by the next. */
const UNIT = ['^.*/src/(access|tokens|keys)/'];

/** What is tried on a mutant, one after the other, and what noticing it is called in the report. */
const ATTEMPTS = [
  ['unit', UNIT],
  ['end to end', SPECS],
];

function copyTree() {
  for (const entry of ['src', 'test', 'sample', 'dist'])
    rmSync(join(TREE, entry), { recursive: true, force: true });
  mkdirSync(TREE, { recursive: true });
  for (const entry of [
    'src',
    'test',
    'sample',
    'dist',
    'package.json',
    'jest.config.js',
    'fastauth.config.json',
  ]) {
    if (existsSync(entry)) cpSync(entry, join(TREE, entry), { recursive: true });
  }
  writeFileSync(
    join(TREE, 'mutation.config.js'),
    "import base from './jest.config.js';\n" +
      'const { globalSetup, reporters, ...config } = base;\n' +
      "export default { ...config, rootDir: '.', reporters: [] };\n",
  );
}

copyTree();
const all = ROOMS.flatMap((room) => readdirSync(room).map((name) => `${room}/${name}`))
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'))
  .flatMap(mutantsOf)
  .sort((a, b) => (digest(SEED, a.id) < digest(SEED, b.id) ? -1 : 1));
const chosen = all.slice(0, Number(process.argv[2] ?? all.length));
const done = existsSync(REPORT) ? JSON.parse(readFileSync(REPORT, 'utf8')) : {};
for (const [name, patterns] of ATTEMPTS) {
  const waiting = chosen.filter(({ id }) => !done[id]?.by && !done[id]?.tried?.includes(name));
  if (waiting.length === 0) continue;
  const startedAt = performance.now();
  if (fails(FIRST_TIME_LIMIT, '--testPathPatterns', ...patterns)) {
    console.error(`The ${name} specs fail without any change; a score would mean nothing.`);
    process.exit(1);
  }
  const limit = Math.ceil(PATIENCE * (performance.now() - startedAt));
  for (const [index, mutant] of waiting.entries()) {
    const { id, file, line, from, to, start, end, code } = mutant;
    writeFileSync(join(TREE, file), code.slice(0, start) + to + code.slice(end));
    const by = fails(limit, '--testPathPatterns', ...patterns) ? name : undefined;
    writeFileSync(join(TREE, file), code);
    done[id] = { file, line, from, to, by, tried: [...(done[id]?.tried ?? []), name] };
    writeFileSync(REPORT, JSON.stringify(done, undefined, 2));
    console.log(`${name} ${index + 1}/${waiting.length}: ${by ? 'noticed' : 'not noticed'}`);
  }
}
const survivors = chosen.filter(({ id }) => !done[id].by);
for (const { file, line, from, to } of survivors) {
  console.log(`survived: ${file}:${line} ${from.replace(/\s+/g, ' ').slice(0, 90)} -> ${to}`);
}
console.log(
  `score: ${chosen.length - survivors.length} of ${chosen.length} noticed (sample of ${all.length})`,
);
