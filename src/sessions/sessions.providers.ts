import type { ModuleMetadata } from '@nestjs/common';
import { SessionSweeper } from './session-sweeper.js';

export const sessionsProviders: ModuleMetadata = { providers: [SessionSweeper] };
