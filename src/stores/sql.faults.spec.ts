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
