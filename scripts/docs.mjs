// Writes what is generated: from the table of settings src/fastauth.schema.json and the table of keys in
// docs/configuration.md, from src/console/page the module that holds its files.
// Run it by "npm run docs" after a change there; tests hold all three to where they come from.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { configFileSchema, configTable } from '../build/config/config-docs.js';

const style = (await resolveConfig('docs/configuration.md')) ?? {};
const schema = JSON.stringify(configFileSchema());
writeFileSync('src/fastauth.schema.json', await format(schema, { ...style, parser: 'json' }));

const page = readFileSync('docs/configuration.md', 'utf8');
const [start, end] = ['<!-- config table: npm run docs -->', '<!-- end of config table -->'];
const from = page.indexOf(start) + start.length;
const written = `${page.slice(0, from)}\n\n${configTable()}\n\n${page.slice(page.indexOf(end))}`;
writeFileSync('docs/configuration.md', await format(written, { ...style, parser: 'markdown' }));

// As text in a module they are found in every bundle, and where there is no folder beside the code.
const files = readdirSync('src/console/page').sort();
const entries = files.map((name) => [name, readFileSync(`src/console/page/${name}`, 'utf8')]);
const pageModule = `/** The files of src/console/page, by name. Written by "npm run docs". */
export const PAGE_FILES: Readonly<Record<string, string>> = ${JSON.stringify(Object.fromEntries(entries), null, 2)};
`;
writeFileSync('src/console/page-files.ts', pageModule);
