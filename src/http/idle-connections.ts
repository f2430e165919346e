import type { Server } from 'node:http';
import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';

/** Milliseconds; 0 would be for ever. */
const NEARLY_NO_TIME = 1;

/**
 * Lets a server that closes go: it waits for every connection that clients keep, by Fastify's default 72 seconds after
 * the last answer. Answers under way are given; no connection is kept after them.
 */
@Injectable()
export class IdleConnections implements BeforeApplicationShutdown {
  constructor(private readonly host: HttpAdapterHost) {}

  beforeApplicationShutdown(): void {
    // There is no adapter in an application context, and others than Node's servers have no such connections.
    const server = this.host.httpAdapter?.getHttpServer() as Partial<Server> | undefined;
    if (!server?.closeIdleConnections) return;
    server.keepAliveTimeout = NEARLY_NO_TIME;
    server.closeIdleConnections();
  }
}
