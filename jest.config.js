/**
 * These hold a duration, CPU time or memory to a bound, or wait for real seconds: one at a time, and nothing beside them.
 */
const TIMING = [
  'src/files/replace-file.spec.ts',
  'src/stores/lmdb/presence.spec.ts',
  'test/contract/{lmdb.damage,lmdb.processes,many-grants,many-logouts,rest}.spec.ts',
  'test/contract/redis.{cluster,faults,processes,sentinel}.spec.ts',
  'test/contract/sql.{changes,feed,servers}.spec.ts',
  'test/e2e/{cleanup,disabled-clients,half-open-sockets,key-ring,live-sockets,live-sockets.processes,rotation}.spec.ts',
  'test/e2e/{shutdown,socket-storm,store-down}.spec.ts',
  'test/e2e/socket-io/{connections,names,shutdown,storm}.spec.ts',
  'test/faults/{concurrent-refreshes,flood,half-open-shutdown,lmdb-lock,load}.spec.ts',
  'test/security/{brute-force,client-timing,format-attacks,hostile-formats,jwt-attacks,master-timing}.spec.ts',
  'test/security/{path-cost,work-before-signature,wycheproof}.spec.ts',
];

const shared = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          target: 'es2022',
          keepClassNames: true,
        },
        module: { type: 'es6' },
      },
    ],
    // ESM that @fastify/static requires: Jest can require ESM only on newer Nodes.
    '/node_modules/content-disposition/.+\\.js$': ['@swc/jest', { module: { type: 'commonjs' } }],
  },
  transformIgnorePatterns: ['/node_modules/(?!content-disposition/)'],
  moduleNameMapper: {
    '^nestjs-fastauth$': '<rootDir>/src/index.ts',
    '^nestjs-fastauth/(lmdb|redis|rest|sql)$': '<rootDir>/src/stores/$1/$1.store.ts',
    '^nestjs-fastauth/(client|store-contract|testing)$': '<rootDir>/src/$1/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
};
const notTiming = TIMING.map((glob) => `!**/${glob}`);
const built = { ...shared, globalSetup: '<rootDir>/test/support/build-once.mjs' };

/** @type {import('jest').Config} */
export default {
  projects: [
    // Beside the source: they need no build and no service.
    {
      ...shared,
      displayName: 'unit',
      roots: ['<rootDir>/src'],
      testMatch: ['**/*.spec.ts', ...notTiming],
    },
    {
      ...built,
      displayName: 'integration',
      roots: ['<rootDir>/test'],
      testMatch: ['**/*.spec.ts', ...notTiming],
    },
    {
      ...built,
      displayName: 'timing',
      roots: ['<rootDir>/src', '<rootDir>/test'],
      testMatch: TIMING.map((glob) => `<rootDir>/${glob}`),
      runner: '<rootDir>/test/support/one-at-a-time-runner.mjs',
    },
  ],
  reporters: ['default', '<rootDir>/test/support/skipped-reporter.mjs'],
  testTimeout: 20_000,
  // ES modules of finished specs stay in memory: a worker that has grown makes way for a fresh one.
  workerIdleMemoryLimit: '700MB',
};
