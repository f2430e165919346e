import { afterEach, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { StoreUnavailableError } from '../errors.js';
import { BackendPolicy } from './backend-policy.js';

afterEach(() => {
  jest.restoreAllMocks();
});

it('operators are told once why calls fail, callers only that they do', async () => {
  const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
  const policy = new BackendPolicy({ timeout: 0.5 });
  const fail = (code: string) => () => Promise.reject(Object.assign(new Error('with details'), { code }));
  for (let call = 0; call < 3; call++) {
    const error = await policy.write(fail('ECONNREFUSED')).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(StoreUnavailableError);
    expect((error as Error).message).toContain('ECONNREFUSED');
    expect((error as StoreUnavailableError).getResponse()).toEqual({
      detail: 'The token store is not available. Try again later.',
      code: 'store_unavailable',
    });
  }
  await policy.write(fail('ENOTFOUND')).catch(() => undefined);
  expect(warn.mock.calls).toEqual([
    ['The token store failed: ECONNREFUSED.'],
    ['The token store failed: ENOTFOUND.'],
  ]);
});
