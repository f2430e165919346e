// `npm run mutate [-- LIMIT]`: changes the rooms below in one place at a time, and looks whether a
// test notices. Works on copies in .mutation/, one a core, in an order that a fixed seed makes; run again, it goes on
// where it was. LIMIT is how many mutants are tried at most (default: all). The result is .mutation/report.json.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';

const ROOMS = [
  'files',
  'keys',
  'sessions',
  'tokens',
  'limits',
  'access',
  'routes',
  'transports/http',
  'transports/microservices',
];
const FOLDER = '.mutation';
const REPORT = join(FOLDER, 'report.json');
const SEED = 'fastauth';
/** A mutant that makes the specs last so many times as long as without it counts as noticed: something waits for ever. */
const PATIENCE = 6;
const FIRST_TIME_LIMIT = 600_000;
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

/** The specs beside the sources: of all these rooms, since each is used by the next. */
const UNIT = `/src/(${ROOMS.join('|')})/`;
/** Asked when no spec beside the sources notices. */
const END_TO_END = [
  'test/e2e/(guarded-routes|token-endpoints|master-tokens|token-formats|key-ring|module|telemetry)\\.spec',
  'test/security/(brute-force|jwt-attacks|hostile-formats|http-shapes|path-oracle)\\.spec',
  'test/(faults/clock-jumps|compliance/rfc(7009|7515|7516|7638|7662|8725|9068))\\.spec',
];

/** What is tried on a mutant, one after the other: what noticing it is called in the report, and which specs are asked. */
const ATTEMPTS = [
  ['beside', (file) => [file.replace(/\.ts$/, '.spec.ts')].filter(existsSync)],
  ['unit', () => [UNIT]],
  ['end to end', () => END_TO_END],
];

/** Whether the specs fail in that copy of the tree, or last longer than `limit` milliseconds. */
function fails(tree, limit, patterns) {
  const child = spawn(
    process.execPath,
    [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      '../../node_modules/jest/bin/jest.js',
      '--config',
      'mutation.config.js',
      '--runInBand',
      '--bail',
      '--silent',
      '--testPathPatterns',
      ...patterns,
    ],
    { cwd: tree, stdio: 'ignore', timeout: limit, killSignal: 'SIGKILL' },
  );
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (status) => resolve(status !== 0));
  });
}

function copyTree(tree) {
  rmSync(tree, { recursive: true, force: true });
  mkdirSync(tree, { recursive: true });
  for (const entry of [
    'src',
    'test',
    'sample',
    'build',
    'dist',
    'package.json',
    'jest.config.js',
    'fastauth.config.json',
  ]) {
    if (existsSync(entry)) cpSync(entry, join(tree, entry), { recursive: true });
  }
  writeFileSync(
    join(tree, 'mutation.config.js'),
    "import base from './jest.config.js';\n" +
      'const projects = base.projects.map(({ globalSetup, ...project }) => project);\n' +
      'export default { ...base, projects, reporters: [] };\n',
  );
}

/** How long specs last when nothing is changed, in milliseconds; each set of them is asked once. */
const durations = new Map();
function limitFor(tree, patterns) {
  const key = patterns.join();
  if (!durations.has(key)) durations.set(key, duration(tree, patterns));
  return durations.get(key);
}

async function duration(tree, patterns) {
  const startedAt = performance.now();
  if (await fails(tree, FIRST_TIME_LIMIT, patterns)) {
    console.error(`${patterns.join(' ')} fails without any change; a score would mean nothing.`);
    process.exit(1);
  }
  return Math.ceil(PATIENCE * (performance.now() - startedAt));
}

async function decide(tree, { id, file, line, from, to, start, end, code }) {
  for (const [name, specsFor] of ATTEMPTS) {
    const patterns = specsFor(file);
    if (done[id]?.by || done[id]?.tried.includes(name) || patterns.length === 0) continue;
    const limit = await limitFor(tree, patterns);
    writeFileSync(join(tree, file), code.slice(0, start) + to + code.slice(end));
    const by = (await fails(tree, limit, patterns)) ? name : undefined;
    writeFileSync(join(tree, file), code);
    done[id] = { file, line, from, to, by, tried: [...(done[id]?.tried ?? []), name] };
    writeFileSync(REPORT, JSON.stringify(done, undefined, 2));
  }
}

const all = ROOMS.flatMap((room) =>
  readdirSync(join('src', room), { recursive: true }).map((name) => `src/${room}/${name}`),
)
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'))
  .flatMap(mutantsOf)
  .sort((a, b) => (digest(SEED, a.id) < digest(SEED, b.id) ? -1 : 1));
const chosen = all.slice(0, Number(process.argv[2] ?? all.length));
const done = existsSync(REPORT) ? JSON.parse(readFileSync(REPORT, 'utf8')) : {};
const waiting = chosen.values();
await Promise.all(
  Array.from({ length: availableParallelism() }, async (_, core) => {
    const tree = join(FOLDER, String(core));
    copyTree(tree);
    for (const mutant of waiting) {
      await decide(tree, mutant);
      console.log(`${mutant.file}:${mutant.line} ${done[mutant.id].by ?? 'not noticed'}`);
    }
  }),
);
const survivors = chosen.filter(({ id }) => !done[id].by);
for (const { file, line, from, to } of survivors) {
  console.log(`survived: ${file}:${line} ${from.replace(/\s+/g, ' ').slice(0, 90)} -> ${to}`);
}
console.log(
  `score: ${chosen.length - survivors.length} of ${chosen.length} noticed (sample of ${all.length})`,
);
