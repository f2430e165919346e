import { describe, expect, it } from '@jest/globals';
import { correlationIdOf, correlationIdOfRequest } from './correlation-id.js';

const UUID = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[\da-f]{4}-[\da-f]{12}$/;

describe('the correlation id that is kept', () => {
  it('stays the same, and is what the request brought before what the application answers', () => {
    const answer = { getHeader: () => 'app-1' };
    const bare = { headers: {} };
    const made = correlationIdOfRequest(bare);
    expect(made).toMatch(UUID);
    expect(correlationIdOfRequest(bare, answer)).toBe(made);
    expect(correlationIdOfRequest({ headers: {} }, answer)).toBe('app-1');
    expect(correlationIdOfRequest({ headers: {} }, { getHeader: () => 'a b' })).toMatch(UUID);
    expect(correlationIdOfRequest({ headers: { 'x-request-id': 'req-1' } }, answer)).toBe('req-1');
  });
});

describe('the correlation id of a request', () => {
  it('is its X-Request-Id', () => {
    expect(correlationIdOf({ 'x-request-id': 'req-1', traceparent: 'x' })).toBe('req-1');
  });

  it('is the trace id of its traceparent', () => {
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    expect(correlationIdOf({ traceparent: `00-${traceId}-b7ad6b7169203331-01` })).toBe(traceId);
  });

  it.each(['', 'a b', 'a\nb', 'é', 'x'.repeat(65), '{"forged":1}'])('is never %j', (sent) => {
    expect(correlationIdOf({ 'x-request-id': sent })).toMatch(UUID);
  });
});
