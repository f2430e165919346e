/** @type {import('jest').Config} */
export default {
  roots: ['<rootDir>/src', '<rootDir>/test'],
  globalSetup: '<rootDir>/test/support/build-once.mjs',
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
    '^nestjs-fastauth/store-contract$': '<rootDir>/src/store-contract/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  reporters: ['default', '<rootDir>/test/support/skipped-reporter.mjs'],
  testMatch: ['**/*.spec.ts'],
  testTimeout: 20_000,
  // ES modules of finished specs stay in memory: a worker that has grown makes way for a fresh one.
  workerIdleMemoryLimit: '700MB',
};
