import { Logger } from '@nestjs/common';
import { afterEach, describe, expect, it } from '@jest/globals';
import { SafeLogger } from './safe-logger.js';

const lines: string[] = [];

function hear(write: (message: string) => unknown): void {
  Logger.overrideLogger({ log: write, warn: write, error: write } as never);
}

afterEach(() => {
  Logger.overrideLogger(['error', 'warn']);
  lines.length = 0;
});

describe('the logger of callbacks', () => {
  it('tells what failed by the name of the error, without its text', () => {
    hear((message) => lines.push(message));
    const logger = new SafeLogger();
    logger.contain('A sink', () => {
      throw new TypeError('eyJ.secret');
    });
    logger.failure('A feed', 'text');
    logger.failure(
      'A socket',
      Object.defineProperty(new Error('x'), 'name', {
        get: () => {
          throw new Error('y');
        },
      }),
    );
    expect(lines).toEqual([
      'A sink failed: TypeError',
      'A feed failed: unknown error',
      'A socket failed: unknown error',
    ]);
  });

  it('throws nothing, though the logger of the application does', () => {
    hear(() => {
      throw new Error('disk full');
    });
    const logger = new SafeLogger();
    for (const level of ['log', 'warn', 'error'] as const) expect(() => logger[level]('x')).not.toThrow();
    expect(() =>
      logger.contain('A sink', () => {
        throw new Error('x');
      }),
    ).not.toThrow();
  });
});
