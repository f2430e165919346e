import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'CHANGELOG.md',
  'sample/README.md',
  'bench/README.md',
  ...readdirSync('docs', { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => join('docs', file)),
];

/** The anchors that GitHub and VitePress give to headings. */
function anchorsOf(page: string): string[] {
  return Array.from(readFileSync(page, 'utf8').matchAll(/^#+ (.+)$/gm), ([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function deadLinksOf(page: string): string[] {
  const text = readFileSync(page, 'utf8').replaceAll(/^```[\s\S]*?^```$/gm, '');
  const links = Array.from(
    text.matchAll(/\]\(([^)\s]+)\)|^\[[^\]]+\]: (\S+)$/gm),
    ([, inline, named]) => inline ?? named ?? '',
  );
  return links
    .filter((link) => !/^https?:/.test(link))
    .filter((link) => {
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? page : normalize(join(dirname(page), path));
      if (!existsSync(target)) return true;
      return anchor !== undefined && !anchorsOf(target).includes(anchor);
    });
}

describe('the pages', () => {
  it.each(PAGES)('%s links to pages and headings that exist', (page) => {
    expect(deadLinksOf(page)).toEqual([]);
  });

  it('are all in the list of pages, and in the sidebar of the site', () => {
    const list = readFileSync('docs/index.md', 'utf8');
    const sidebar = readFileSync('docs-site/.vitepress/config.js', 'utf8');
    const pages = readdirSync('docs').filter((file) => file.endsWith('.md') && file !== 'index.md');
    expect(pages.filter((page) => !list.includes(`(${page})`))).toEqual([]);
    expect(pages.filter((page) => !sidebar.includes(`'${page.replace('.md', '')}'`))).toEqual([]);
  });

  it('begin with a README that is read to its end: fewer than 200 lines', () => {
    expect(readFileSync('README.md', 'utf8').split('\n').length).toBeLessThan(200);
  });
});
