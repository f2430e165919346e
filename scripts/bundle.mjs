// The second step of "npm run build": joins the files that "nest build" left in build/ to few in dist/, because an application
// that starts opens and compiles each of them. What several entries share is in chunks, so that a class is the same in all.
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { build } from 'esbuild';
import { withoutDocComments } from './doc-comments.mjs';
import { withoutInferredNames } from './inferred-names.mjs';
import { withSteadyShapes } from './spread-objects.mjs';

/** Stays as it is: bundlers of web pages leave out what a page does not use of separate files. */
const CLIENT = /^build\/(?:client|wire)\//;

/** Of zod comes along what is used: an application would open and compile ninety files of it at each start. */
const packagesStayOut = {
  name: 'packages stay out',
  setup: ({ onResolve }) =>
    onResolve({ filter: /^[^./]/ }, ({ path }) => (path === 'zod' ? undefined : { path, external: true })),
};

/** Its entry requires thirty files: those of the two limiters that are used come along. Both have to be of one copy. */
const LIMITERS = 'rate-limiter-flexible';
const limitersComeAlong = {
  name: 'limiters come along',
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: new RegExp(`^${LIMITERS}$`) }, ({ path }) => ({ path, namespace: LIMITERS }));
    onLoad({ filter: /./, namespace: LIMITERS }, () => ({
      contents: ['RateLimiterMemory', 'RateLimiterRedis']
        .map((name) => `export { default as ${name} } from './lib/${name}.js';`)
        .join('\n'),
      resolveDir: dirname(createRequire(import.meta.url).resolve(`${LIMITERS}/package.json`)),
    }));
  },
};

const { exports: entries, bin } = JSON.parse(readFileSync('package.json', 'utf8'));
const files = [...Object.values(entries).map((entry) => entry.default), ...Object.values(bin)]
  .filter((file) => file?.endsWith('.js'))
  .map((file) => file.replace(/^(?:\.\/)?dist\//, 'build/'));

rmSync('dist', { recursive: true, force: true });
const { metafile } = await build({
  entryPoints: files.filter((file) => !CLIENT.test(file)),
  outdir: 'dist',
  outbase: 'build',
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  plugins: [limitersComeAlong, packagesStayOut],
  // Nest tells providers by the names of their classes.
  keepNames: true,
  metafile: true,
  logLevel: 'warning',
});
const steps = [withoutDocComments, withoutInferredNames, withSteadyShapes];
for (const file of Object.keys(metafile.outputs))
  writeFileSync(
    file,
    steps.reduce((code, step) => step(code), readFileSync(file, 'utf8')),
  );
cpSync('build', 'dist', {
  recursive: true,
  filter: (file) => !file.endsWith('.js') || CLIENT.test(file),
});
// What is joined of other packages goes out with their licences.
const JOINED = /^node_modules\/((?:@[^/]+\/)?[^/]+)\//;
for (const name of new Set(Object.keys(metafile.inputs).flatMap((input) => JOINED.exec(input)?.[1] ?? []))) {
  const licence = readdirSync(`node_modules/${name}`).find((file) => /^licen[cs]e(?:\.\w+)?$/i.test(file));
  if (!licence) throw new Error(`${name} is joined to dist, and has no licence to go with it`);
  cpSync(`node_modules/${name}/${licence}`, `dist/licenses/${name}.txt`);
}
