import {
  BadRequestException,
  Body,
  Controller,
  Get,
  HttpCode,
  NotFoundException,
  Post,
  Query,
} from '@nestjs/common';

interface StoredTokens {
  readonly access_token: string | null;
  readonly refresh_token: string | null;
}

/**
 * The REST persistence API that `database-api-url` speaks, which the Python original shares: one record a client.
 * Keep it where only your servers reach it: it holds tokens in plain text.
 */
@Controller('token')
export class PersistenceController {
  /** Stands for a table of a database. */
  private readonly records = new Map<string, StoredTokens>();

  @Get()
  load(@Query('client_id') clientId: unknown) {
    const data = this.records.get(idFrom(clientId));
    if (!data) throw new NotFoundException('Client not found');
    return { data };
  }

  // Nest answers a POST with 201, but only 200 counts as saved.
  @Post()
  @HttpCode(200)
  save(@Query('client_id') clientId: unknown, @Body('data') data: unknown) {
    this.records.set(idFrom(clientId), tokensFrom(data));
    return { status: 'success' };
  }
}

/** A record without an id, or with two, would be nobody's. */
function idFrom(clientId: unknown): string {
  if (typeof clientId !== 'string' || clientId === '')
    throw new BadRequestException('client_id must be one text');
  return clientId;
}

function tokensFrom(data: unknown): StoredTokens {
  const { access_token, refresh_token } = (data ?? {}) as Record<string, unknown>;
  if (!isToken(access_token) || !isToken(refresh_token))
    throw new BadRequestException('data must hold access_token and refresh_token, each a text or null');
  return { access_token, refresh_token };
}

/** Null says that the session was ended. */
function isToken(value: unknown): value is string | null {
  return value === null || typeof value === 'string';
}
