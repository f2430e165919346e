import { Injectable } from '@nestjs/common';

export interface Partner {
  readonly tier: 'gold' | 'silver';
  readonly suspended?: boolean;
}

/** Stands for the table of clients that an application has. */
@Injectable()
export class PartnerDirectory {
  private readonly partners = new Map<string, Partner>([
    ['acme', { tier: 'gold' }],
    ['globex', { tier: 'silver' }],
    ['initech', { tier: 'silver', suspended: true }],
  ]);

  async find(name: string): Promise<Partner | undefined> {
    return this.partners.get(name);
  }
}
