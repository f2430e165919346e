import { Controller, Get, Module } from '@nestjs/common';
import { CurrentPrincipal, FastauthModule, MasterOnly, type Principal, Public } from 'nestjs-fastauth';
import { fileURLToPath } from 'node:url';
import { envFileOf } from '../first-start.js';

/** The application and the command read the same file. */
export const CONFIG_FILE = fileURLToPath(
  new URL('../../16-operations/fastauth.config.json', import.meta.url),
);
export const ENV_FILE = envFileOf('16-operations');

@Controller()
class DevicesController {
  /** Guarded by the path rule of the configuration. */
  @Get('devices')
  list(@CurrentPrincipal() { clientId }: Principal) {
    return { devices: ['lamp', 'door'], for: clientId };
  }

  @MasterOnly()
  @Get('stats')
  stats() {
    return { devices: 2 };
  }

  @Public()
  @Get('health')
  health() {
    return { status: 'healthy' };
  }
}

@Module({
  imports: [FastauthModule.forRoot({ configFile: CONFIG_FILE, envFile: ENV_FILE })],
  controllers: [DevicesController],
})
export class AppModule {}
