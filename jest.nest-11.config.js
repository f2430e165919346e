import base from './jest.config.js';

const NEST = '(common|core|testing|platform-[^/]+|websockets|microservices|swagger|event-emitter)';

/** The same specs on Nest 11, from an installation of its own: npm run test:nest-11. @type {import('jest').Config} */
export default {
  ...base,
  projects: base.projects.map((project) => ({
    ...project,
    displayName: `${project.displayName}, Nest 11`,
    moduleNameMapper: {
      ...project.moduleNameMapper,
      [`^@nestjs/${NEST}(/.*)?$`]: '<rootDir>/test/nest-11/node_modules/@nestjs/$1$2',
    },
  })),
};
