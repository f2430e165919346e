import { Readable } from 'node:stream';
import { BadRequestException } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import { readBody } from './request-body.js';

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

describe('readBody', () => {
  it.each([
    ['one piece', ['a=1&b=2']],
    ['pieces that part a character', [Buffer.from('a=1&b=2&c=\u00fc').subarray(0, -1), Buffer.of(0xbc)]],
  ])('reads a body of %s', async (_name, pieces) => {
    const read = await readBody(Readable.from(pieces, { objectMode: false }), FORM);
    expect(read).toMatchObject({ a: '1', b: '2' });
  });

  it('reads a body that another reader has set to be text', async () => {
    const stream = Readable.from([Buffer.from('a=1')], { objectMode: false });
    stream.setEncoding('utf8');
    expect(await readBody(stream, FORM)).toEqual({ a: '1' });
  });

  it('finds nothing in a body that was read before', async () => {
    const stream = Readable.from(['a=1'], { objectMode: false });
    for await (const _chunk of stream);
    expect(await readBody(stream, FORM)).toEqual({});
  });

  it.each([
    ['fails', (stream: Readable) => stream.destroy(new Error('ECONNRESET'))],
    ['is cut', (stream: Readable) => stream.destroy()],
  ])('answers 400 when the connection %s', async (_how, end) => {
    const stream = new Readable({ read: () => undefined });
    stream.push('a=1');
    const read = readBody(stream, FORM);
    end(stream);
    expect(await read).toBeInstanceOf(BadRequestException);
    const again = readBody(stream, FORM);
    expect(await again).toBeInstanceOf(BadRequestException);
  });
});
