import * as z from 'zod';

/** The keys for those who look after the application; part of `SETTINGS`. */
export const OPERATOR_SETTINGS = {
  /** Whether there is a console for operators under the auth prefix. */
  console: z.boolean().default(false).meta({
    expected: 'true or false',
    description:
      'Whether operators have a console in the browser, at `/auth/console` (under `auth-prefix`): sessions, clients, keys, events and routes, for whoever signs in with a master token.',
  }),
  /** What of the audit trail the default sink logs. */
  auditLog: z.enum(['all', 'warnings', 'off']).default('warnings').meta({
    expected: '"all", "warnings" or "off"',
    description:
      'What of the audit trail is logged, at most 10 lines a second of each type: everything, denials, refused tokens, replays and reuse, or nothing. An `auditSink` of your own gets everything, instead.',
  }),
} as const;
