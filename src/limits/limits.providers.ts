import type { ModuleMetadata } from '@nestjs/common';
import { AttemptLimiter } from './attempt-limiter.js';

export const limitsProviders: ModuleMetadata = {
  providers: [AttemptLimiter],
  exports: [AttemptLimiter],
};
