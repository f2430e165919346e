// Which cases a run measures. The short one is for the other versions of Node.
import { CASES } from './cases.js';

const ON_EXPRESS = [
  'control',
  'empty-guard',
  'open',
  'memory',
  'scoped',
  'lmdb',
  'redis',
  'postgres',
  'path-rule',
  'master',
  'first-sight',
  'flood',
  'fast-jwt-cached',
  'fast-jwt',
  'jwt-key',
  'passport-key',
];

/** `minutes`: for the rows; what else is measured takes two more, or one without the staleness. */
export const SETS = {
  full: {
    minutes: 14,
    cases: { fastify: CASES.map(({ id }) => id), express: ON_EXPRESS },
    staleness: true,
  },
  short: {
    minutes: 6,
    cases: {
      fastify: [
        'control',
        'open',
        'memory',
        'scoped',
        'lmdb',
        'redis',
        'postgres',
        'rest',
        'rest-floor',
        'mixed',
        'first-sight',
        'flood',
        'flood-floor',
        'issue',
        'issue-floor',
        'refresh',
        'fast-jwt-cached',
        'fast-jwt',
        'jwt-key',
      ],
      express: ['control', 'memory', 'lmdb'],
    },
    staleness: false,
  },
};
