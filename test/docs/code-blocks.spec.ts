import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { type CommandRun, DocumentedApp, installInto, runIn } from '../support/documented-app.js';
import { codeBlocks, type CodeBlock } from '../support/markdown-blocks.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

// What is written here is held to be true: TypeScript compiles under the strictest settings against the built package
// and boots, configurations pass the check, commands are run, and answers are what the application answered.
const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...(existsSync('docs')
    ? readdirSync('docs')
        .filter((file) => file.endsWith('.md'))
        .map((file) => `docs/${file}`)
    : []),
];
const BLOCKS = PAGES.flatMap(codeBlocks);
const of = (...languages: string[]): readonly CodeBlock[] =>
  BLOCKS.filter(({ language }) => languages.includes(language));

const COMPILER_OPTIONS = {
  target: 'es2022',
  module: 'nodenext',
  strict: true,
  skipLibCheck: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  noPropertyAccessFromIndexSignature: true,
  noImplicitOverride: true,
  noUnusedLocals: true,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  types: ['node'],
  rootDir: '.',
  outDir: 'dist',
};

const BOOT = `
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
const booted = [];
for (const file of process.argv.slice(2)) {
  for (const [name, exported] of Object.entries(await import(file))) {
    if (!name.endsWith('Module')) continue;
    const app = await NestFactory.create(exported, { logger: false, abortOnError: false });
    await app.init();
    await app.close();
    booted.push(name);
  }
}
console.log(booted.join());
`;

const { scripts, devDependencies, peerDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  scripts: Record<string, string>;
  devDependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
};

describe('the code blocks of the pages', () => {
  let root: string;
  const folderOf = ({ place }: CodeBlock): string =>
    join(root, basename(place.slice(0, place.lastIndexOf(':')), '.md'));
  const nameOf = ({ code, place }: CodeBlock): string => {
    const name = /^\/\/ ([\w./-]+\.ts)\n/.exec(code)?.[1];
    if (!name) throw new Error(`${place}: begin the block with a line such as // src/name.ts`);
    return name;
  };

  beforeAll(async () => {
    root = temporaryFolder();
    installInto(root);
    for (const page of PAGES) {
      const folder = join(root, basename(page, '.md'));
      mkdirSync(folder);
      symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
      writeFileSync(join(folder, 'package.json'), '{"type":"module","private":true}');
    }
    for (const block of of('ts')) {
      const file = join(folderOf(block), nameOf(block));
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, block.code);
    }
    writeFileSync(
      join(root, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: COMPILER_OPTIONS,
        include: PAGES.map((page) => `${basename(page, '.md')}/**/*.ts`),
      }),
    );
  });
  afterAll(removeTemporaryFolders);

  it('are of a kind that is tested here', () => {
    // js and jsonc are settings of test runners: they need an application, and its runner.
    const kinds = ['ts', 'js', 'json', 'jsonc', 'bash', 'text', 'mermaid'];
    const untested = BLOCKS.filter(({ language }) => !kinds.includes(language));
    expect(untested.map(({ place }) => place)).toEqual([]);
  });

  it('compile, as TypeScript', async () => {
    const { stdout } = await runIn(root, process.execPath, [
      resolve('node_modules/typescript/bin/tsc'),
      '-p',
      root,
    ]);
    expect(stdout).toBe('');
  }, 180_000);

  it('pass the check, as configurations', async () => {
    for (const block of of('json').filter(({ code }) => code.includes('"$schema"'))) {
      const folder = temporaryFolder();
      writeFileSync(join(folder, 'fastauth.config.json'), block.code);
      const run = await runIn(folder, process.execPath, [resolve('dist/cli/main.js'), 'config', 'check']);
      expect({ place: block.place, ...run }).toMatchObject({ place: block.place, code: 0 });
    }
  }, 180_000);

  it('work when pasted, in the order of the page', async () => {
    let app: DocumentedApp | undefined;
    const folder = join(root, 'README');
    const answers: unknown[] = [];
    try {
      for (const block of of('bash')) {
        const commands = block.code.split('\n').filter((line) => line && !isDeclared(line));
        if (commands.length === 0) continue;
        if (block.code.includes('$URL'))
          app ??= await DocumentedApp.start(join(root, 'dist/README/src/main.js'), folder);
        const script = ['set -e', ...commands.flatMap((line) => [line, 'echo'])].join('\n');
        const cwd = app && block.code.includes('$URL') ? folder : folderOf(block);
        const run = withoutSecrets(await runIn(cwd, 'bash', ['-c', script], { URL: app?.url }));
        expect({ place: block.place, ...run }).toMatchObject({ place: block.place, code: 0, stderr: '' });
        expect(run.stdout).not.toMatch(/"status":"error"|"detail":/);
        answers.push(
          ...run.stdout
            .split('\n')
            .filter((line) => line.startsWith('{'))
            .map((line) => JSON.parse(line)),
        );
      }
    } finally {
      await app?.stop();
    }
    for (const block of of('json').filter(({ code }) => !code.includes('"$schema"')))
      expect({ place: block.place, answers }).toEqual({
        place: block.place,
        answers: expect.arrayContaining([matching(JSON.parse(block.code))]),
      });
  }, 180_000);

  it('hold the contract, where they are a store and its spec', async () => {
    const run = await runIn(root, process.execPath, [
      '--test',
      '--test-reporter=tap',
      join(root, 'dist/stores/test/file.store.spec.js'),
    ]);
    expect(run.stdout.split('\n').filter((line) => /^\s*not ok/.test(line))).toEqual([]);
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(Number(/^# pass (\d+)$/m.exec(run.stdout)?.[1])).toBeGreaterThan(30);
  }, 60_000);

  it('boot, where they export a module', async () => {
    writeFileSync(join(root, 'boot.mjs'), BOOT);
    const files = of('ts')
      .filter((block) => !/main\.ts$|\.spec\.ts$/.test(nameOf(block)))
      .map((block) => join(root, 'dist', basename(folderOf(block)), nameOf(block).replace(/ts$/, 'js')));
    const run = await runIn(join(root, 'README'), process.execPath, [join(root, 'boot.mjs'), ...files]);
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(run.stdout).toContain('AppModule');
    expect(run.stdout).toContain('AsyncAppModule');
  }, 180_000);
});

/** Whether a line needs no run: it names a script of package.json, or installs what the package declares. */
function isDeclared(line: string): boolean {
  if (line.startsWith('#') || line === 'npm ci') return true;
  const script = /^npm (?:run )?(start|test|[\w:]+)$/.exec(line)?.[1];
  if (script) {
    expect(Object.keys(scripts)).toContain(script);
    return true;
  }
  const installed = /^npm (?:i|install) (.+)$/.exec(line)?.[1];
  if (!installed) return false;
  for (const name of installed.split(' ')) {
    expect(['nestjs-fastauth', ...Object.keys({ ...devDependencies, ...peerDependencies })]).toContain(name);
  }
  return true;
}

/** What a command said, such that a failing test can print it: no tokens, no keys. */
function withoutSecrets({ code, stdout, stderr }: CommandRun): CommandRun {
  const secret = /ey[\w-]+(?:\.[\w-]*){2,4}|fa_(?:[ar]t|cs)_[\w-]+|(?<![\w-])[\w-]{43}=/g;
  const told = (text: string): string => text.replace(secret, '(secret)');
  return { code, stdout: told(stdout), stderr: told(stderr) };
}

/** Matches what has at least these members, at any depth. */
function matching(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return expect.objectContaining(
    Object.fromEntries(Object.entries(value).map(([key, member]) => [key, matching(member)])),
  );
}
