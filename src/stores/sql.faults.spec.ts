import { describe, expect, it } from '@jest/globals';
import { StoreUnavailableError } from '../errors.js';
import { explained, MISSING_TABLES } from './sql.faults.js';

describe('a fault of a SQL driver', () => {
  it.each(['Connection terminated unexpectedly', 'Connection terminated due to connection timeout'])(
    'that has no code is told in words: %s',
    (message) => {
      const told = explained(new Error(message));
      expect(told).toBeInstanceOf(StoreUnavailableError);
      expect((told as Error).message).toContain('its connection to the database was cut');
    },
  );

  it('is told with what to do where tables are missing', () => {
    expect(explained(Object.assign(new Error('x'), { code: '42P01' }))).toMatchObject({
      message: MISSING_TABLES,
    });
  });

  it('stays as it is otherwise', () => {
    const error = Object.assign(new Error('x'), { code: 'ECONNREFUSED' });
    expect(explained(error)).toBe(error);
  });
});

describe('what a database answers', () => {
  it.each(['42501', 'ER_TABLEACCESS_DENIED_ERROR', 'ER_DATA_TOO_LONG'])(
    'that it will not do what it was asked (%s), is named as such',
    (code) => {
      expect(explained({ code, message: 'with values' })).toMatchObject({
        answered: true,
        message: `The database answered ${code}.`,
      });
    },
  );

  it.each(['25006', '53100', 'ER_OPTION_PREVENTS_STATEMENT', 'ER_DISK_FULL'])(
    'that may be another in a moment (%s), is none of them',
    (code) => {
      const error = { code };
      expect(explained(error)).toBe(error);
    },
  );
});
