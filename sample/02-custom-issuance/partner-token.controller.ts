import { ForbiddenException, Inject } from '@nestjs/common';
import { type IssuedTokens, TokenController } from 'nestjs-fastauth';
import { PartnerDirectory } from './partner-directory.js';

const LIFETIME_SECONDS = { gold: 24 * 3600, silver: 3600 };

/** Issues to known partners only, with their tier as a claim. Routes, guards and OpenAPI stay as they are. */
export class PartnerTokenController extends TokenController {
  @Inject(PartnerDirectory)
  private readonly partners!: PartnerDirectory;

  protected override async issueTokens(clientId: string | undefined): Promise<IssuedTokens> {
    const partner = clientId === undefined ? undefined : await this.partners.find(clientId);
    if (!partner) throw new ForbiddenException('Unknown partner');
    if (partner.suspended) throw new ForbiddenException('The partner is suspended');
    return this.tokens.issue({
      clientId,
      claims: { tier: partner.tier },
      accessTokenExpiresIn: LIFETIME_SECONDS[partner.tier],
    });
  }
}
