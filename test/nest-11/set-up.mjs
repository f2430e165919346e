// Jest's global set-up on Nest 11: beside its packages, a copy of what is published finds them, in processes of its own.
import { cpSync, rmSync } from 'node:fs';
import buildOnce from '../support/build-once.mjs';

const COPY = 'test/nest-11/node_modules/nestjs-fastauth';

export default function setUp() {
  buildOnce();
  rmSync(COPY, { recursive: true, force: true });
  for (const part of ['dist', 'package.json']) cpSync(part, `${COPY}/${part}`, { recursive: true });
}
