import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { PAGE_FILES } from './page-files.js';

const FOLDER = 'src/console/page';

it('the module of the page has its files as they are; "npm run docs" writes it', () => {
  const files = readdirSync(FOLDER).map((name) => [name, readFileSync(`${FOLDER}/${name}`, 'utf8')]);
  expect(PAGE_FILES).toEqual(Object.fromEntries(files));
});
