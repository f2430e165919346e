import { describe, expect, it } from '@jest/globals';
import { KafkaContext, RedisContext, TcpContext } from '@nestjs/microservices';
import { headersOfMessage } from './message-headers.js';

/** A message of Kafka, in the context that Nest makes of it. */
const kafka = (headers?: Record<string, unknown>): KafkaContext =>
  new KafkaContext([
    { value: 'x', ...(headers && { headers }) },
    0,
    'topic',
  ] as unknown as ConstructorParameters<typeof KafkaContext>[0]);

describe('the headers of a message', () => {
  it('of Kafka are text or bytes, whatever the case of their names', () => {
    expect(
      headersOfMessage(kafka({ Authorization: Buffer.from('Bearer x'), 'X-Request-Id': 'r', other: 'o' })),
    ).toEqual({
      headers: { authorization: 'Bearer x', 'x-request-id': 'r' },
      rawHeaders: ['authorization', 'Bearer x', 'x-request-id', 'r'],
      hasOddCredential: false,
    });
    expect(headersOfMessage(kafka())).toEqual({ headers: {}, rawHeaders: [], hasOddCredential: false });
  });

  it('that were sent twice are there twice', () => {
    const sent = headersOfMessage(
      kafka({ 'access-token': ['one', Buffer.from('two')], 'ACCESS-TOKEN': 'three' }),
    );
    expect(sent?.rawHeaders).toEqual(['access-token', 'one', 'access-token', 'two', 'access-token', 'three']);
  });

  it.each([
    [7, true],
    [{}, true],
    [[Buffer.from('x'), true], true],
    [null, false],
    [undefined, false],
    ['', false],
  ])('a credential %j: is it odd? %s', (value, isOdd) => {
    expect(headersOfMessage(kafka({ 'master-token': value }))?.hasOddCredential).toBe(isOdd);
    expect(headersOfMessage(kafka({ traceparent: value }))?.hasOddCredential).toBe(false);
  });

  it('are none of transports without headers', () => {
    expect(headersOfMessage(new TcpContext([{}, 'pattern'] as never))).toBeUndefined();
    expect(headersOfMessage(new RedisContext(['channel']))).toBeUndefined();
    expect(headersOfMessage(undefined)).toBeUndefined();
  });
});
