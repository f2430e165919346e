import { Body, Controller, Get, HttpCode, NotFoundException, Post, Query } from '@nestjs/common';

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
  load(@Query('client_id') clientId: string) {
    const data = this.records.get(clientId);
    if (!data) throw new NotFoundException('Client not found');
    return { data };
  }

  // Nest answers a POST with 201, but only 200 counts as saved.
  @Post()
  @HttpCode(200)
  save(@Query('client_id') clientId: string, @Body('data') data: StoredTokens) {
    this.records.set(clientId, { access_token: data.access_token, refresh_token: data.refresh_token });
    return { status: 'success' };
  }
}
