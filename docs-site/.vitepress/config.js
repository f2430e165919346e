import { readFileSync } from 'node:fs';
import { defineConfig } from 'vitepress';

const { repository } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
const REPOSITORY = repository.url.replace(/^git\+|\.git$/g, '');

/** The sidebar, in the order of a reader's way: what a page is called, and its file. */
const PAGES = {
  Start: { 'What there is': 'index' },
  Guard: {
    'Routes and requirements': 'guarding',
    Browsers: 'browsers',
    WebSockets: 'websockets',
    GraphQL: 'graphql',
    Microservices: 'transports',
    'Resource servers': 'resource-servers',
    'Rate limiting': 'rate-limiting',
  },
  Issue: {
    'Issuing tokens': 'issuing',
    'OAuth 2.0 clients': 'oauth',
    Sessions: 'sessions',
    'Token formats': 'formats',
    Keys: 'keys',
  },
  Run: {
    Configuration: 'configuration',
    Stores: 'stores',
    Redis: 'redis',
    Production: 'production',
    Operating: 'operating',
    Observability: 'observability',
    'The command': 'cli',
    Performance: 'performance',
  },
  'Build on it': {
    'Your application': 'with-your-application',
    OpenAPI: 'openapi',
    'Calling it': 'client',
    'Testing it': 'testing',
  },
  'Move to it': { 'From Passport': 'coming-from-passport', 'From fastauth-api': 'coming-from-fastauth-api' },
  'Know more': { Decisions: 'decisions/', Dependencies: 'dependencies' },
};

/** Links that leave the pages lead to the repository. */
function linkToRepository(state) {
  for (const { children } of state.tokens) {
    for (const token of children ?? []) {
      const name = token.type === 'link_open' ? 'href' : token.type === 'image' ? 'src' : undefined;
      const path = name && /^(?:\.\.\/)+(.+)$/.exec(token.attrGet(name) ?? '')?.[1];
      const view = name === 'src' ? 'raw' : 'blob';
      if (path && !isPage(path, state.env)) token.attrSet(name, `${REPOSITORY}/${view}/main/${path}`);
    }
  }
}

/** From a page in a folder of the docs, `../` leads to another page. */
function isPage(path, { relativePath = '' }) {
  return (
    relativePath.includes('/') &&
    Object.values(PAGES).some((group) => Object.values(group).includes(path.replace(/\.md(#.*)?$/, '')))
  );
}

export default defineConfig({
  title: 'nestjs-fastauth',
  description: 'Token authentication for NestJS',
  srcDir: 'pages',
  outDir: 'dist',
  cleanUrls: true,
  rewrites: { 'decisions/README.md': 'decisions/index.md' },
  // The API reference is written beside the pages after they are built.
  ignoreDeadLinks: [/^\/api\//],
  vite: { build: { chunkSizeWarningLimit: 1024 } },
  markdown: {
    config: (md) => {
      md.core.ruler.push('link-to-repository', linkToRepository);
      const { fence } = md.renderer.rules;
      md.renderer.rules.fence = (tokens, index, ...rest) => {
        const { info, content } = tokens[index];
        if (info.trim() !== 'mermaid') return fence(tokens, index, ...rest);
        return `<MermaidDiagram source="${encodeURIComponent(content)}" />`;
      };
    },
  },
  themeConfig: {
    search: { provider: 'local' },
    nav: [
      { text: 'API reference', link: '/api/index.html', target: '_self' },
      { text: 'Repository', link: REPOSITORY },
    ],
    sidebar: Object.entries(PAGES).map(([text, pages]) => ({
      text,
      items: Object.entries(pages).map(([title, page]) => ({
        text: title,
        link: `/${page === 'index' ? '' : page}`,
      })),
    })),
  },
});
