import type { ModuleMetadata } from '@nestjs/common';
import { Clock, SystemClock } from '../clock.js';
import { FastauthEvents } from './fastauth-events.js';

export const eventsProviders: ModuleMetadata = {
  providers: [{ provide: Clock, useClass: SystemClock }, FastauthEvents],
  exports: [FastauthEvents],
};
