import 'reflect-metadata';
import { readSettings } from '@app/config';
import { startService } from '@app/transport';
import { GatewayModule } from './gateway.module.ts';
import { gatewaySettings } from './gateway-settings.ts';
import { OpenAiErrors } from './openai/openai-errors.handler.ts';

const settings = readSettings(gatewaySettings);

await startService({
  name: 'gateway',
  module: GatewayModule,
  httpPort: settings.GATEWAY_HTTP_PORT,
  trustedProxies: settings.TRUSTED_PROXIES,
  bodyBytesMax: 32 * 1_024 * 1_024,
  errors: new OpenAiErrors(),
  title: 'Haoli gateway',
  description: 'The customer’s door: OpenAI-compatible calls, balance, usage, top-ups and refunds.',
});
