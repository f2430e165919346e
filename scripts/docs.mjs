// Writes what is generated from the table of settings: src/fastauth.schema.json and the README's table of keys.
// Run it by "npm run docs" after a change there; a test holds both to the table.
import { readFileSync, writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { configFileSchema, configTable } from '../dist/config/config-docs.js';

const style = (await resolveConfig('README.md')) ?? {};
const schema = JSON.stringify(configFileSchema());
writeFileSync('src/fastauth.schema.json', await format(schema, { ...style, parser: 'json' }));

const readme = readFileSync('README.md', 'utf8');
const [start, end] = ['<!-- config table: npm run docs -->', '<!-- end of config table -->'];
const from = readme.indexOf(start) + start.length;
const written = `${readme.slice(0, from)}\n\n${configTable()}\n\n${readme.slice(readme.indexOf(end))}`;
writeFileSync('README.md', await format(written, { ...style, parser: 'markdown' }));
