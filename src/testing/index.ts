/**
 * For tests of applications that import `FastauthModule`, under any test runner.
 *
 * @module
 */
export { FastauthTesting, fastauthTesting, type TestingTokenOptions } from './fastauth-testing.js';
export { FastauthTestingModule } from './fastauth-testing.module.js';
export type { Duration, TestingClock } from './testing-clock.js';
export type { TestingCredential, TestingTokens } from './testing-credentials.js';
