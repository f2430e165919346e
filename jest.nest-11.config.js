import base from './jest.config.js';

// For what runs in processes of its own, where no mapping of modules reaches.
const MODULES = 'test/nest-11/node_modules';
process.env['FASTAUTH_TEST_NEST_MODULES'] = MODULES;

const NEST =
  '(apollo|common|config|core|event-emitter|graphql|jwt|mercurius|microservices|platform-[^/]+|swagger|testing|websockets)';

/** The same specs on Nest 11, from an installation of its own: npm run test:nest-11. @type {import('jest').Config} */
export default {
  ...base,
  projects: base.projects.map((project) => ({
    ...project,
    displayName: `${project.displayName}, Nest 11`,
    ...(project.globalSetup && { globalSetup: '<rootDir>/test/nest-11/set-up.mjs' }),
    moduleNameMapper: {
      ...project.moduleNameMapper,
      [`^@nestjs/${NEST}(/.*)?$`]: `<rootDir>/${MODULES}/@nestjs/$1$2`,
      // A schema is of one copy of graphql.
      '^(graphql|graphql/.*|mercurius|@apollo/server|@apollo/server/.*)$': '<rootDir>/node_modules/$1',
    },
  })),
};
