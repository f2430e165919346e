import { Logger } from '@nestjs/common';

/** For specs that make stores fail all the time: why they fail is asserted there, and need not be printed. */
Logger.overrideLogger(false);
