// Writes what is generated from the table of settings: src/fastauth.schema.json and the table of keys in docs/configuration.md.
// Run it by "npm run docs" after a change there; a test holds both to the table.
import { readFileSync, writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { configFileSchema, configTable } from '../dist/config/config-docs.js';

const style = (await resolveConfig('docs/configuration.md')) ?? {};
const schema = JSON.stringify(configFileSchema());
writeFileSync('src/fastauth.schema.json', await format(schema, { ...style, parser: 'json' }));

const page = readFileSync('docs/configuration.md', 'utf8');
const [start, end] = ['<!-- config table: npm run docs -->', '<!-- end of config table -->'];
const from = page.indexOf(start) + start.length;
const written = `${page.slice(0, from)}\n\n${configTable()}\n\n${page.slice(page.indexOf(end))}`;
writeFileSync('docs/configuration.md', await format(written, { ...style, parser: 'markdown' }));
