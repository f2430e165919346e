import { describe, expect, it } from '@jest/globals';
import { StoreUnavailableError } from '../../errors.js';
import { addressOf, UNKNOWN_ADDRESS } from './address.js';
import { explained, MISSING_TABLES } from './faults.js';

const HERE = addressOf('postgres://ada:sesame@db.internal/sessions');

describe('a fault of a SQL driver', () => {
  it.each(['Connection terminated unexpectedly', 'Connection terminated due to connection timeout'])(
    'that has no code is told in words: %s',
    (message) => {
      const told = explained(new Error(message), HERE);
      expect(told).toBeInstanceOf(StoreUnavailableError);
      expect((told as Error).message).toContain('its connection to the database was cut');
    },
  );

  it('is told with what to do where tables are missing', () => {
    expect(explained(Object.assign(new Error('x'), { code: '42P01' }), HERE)).toMatchObject({
      message: MISSING_TABLES,
    });
  });

  it('stays as it is otherwise', () => {
    const error = Object.assign(new Error('x'), { code: 'XX000' });
    expect(explained(error, HERE)).toBe(error);
  });
});

describe('what a database answers', () => {
  it.each([
    ['28P01', 'refuses the login of the user "ada"', false],
    ['3D000', 'does not have the database "sessions"', false],
    [
      '42501',
      'does not let the user "ada" use the database "sessions", or the tables of fastauth in it',
      true,
    ],
  ])('of the login and its rights (%s) is told in words', (code, words, answered) => {
    expect(explained({ code, message: 'sesame' }, HERE)).toMatchObject({
      answered,
      message: `The token store is not available: PostgreSQL at db.internal:5432 ${words} (${code}). Try again later.`,
    });
  });

  it('is told where no server is known, too', () => {
    const told = explained({ code: 'ER_BAD_DB_ERROR' }, UNKNOWN_ADDRESS) as Error;
    expect(told.message).toContain('the server does not have its database (ER_BAD_DB_ERROR)');
  });

  it.each(['ER_CONSTRAINT_FAILED', 'ER_DATA_TOO_LONG'])(
    'that it will not do what it was asked (%s), is named as such',
    (code) => {
      expect(explained({ code, message: 'with values' }, HERE)).toMatchObject({
        answered: true,
        message: `The database answered ${code}.`,
      });
    },
  );

  it.each(['25006', '53100', 'ER_OPTION_PREVENTS_STATEMENT', 'ER_DISK_FULL'])(
    'that may be another in a moment (%s), is none of them',
    (code) => {
      const error = { code };
      expect(explained(error, HERE)).toBe(error);
    },
  );
});
