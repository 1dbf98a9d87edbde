import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Module } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { Public, Scopes } from './scopes.ts';
import { createApp } from './start-service.ts';

@Controller('open')
class ForgottenController {
  @Get()
  read() {
    return {};
  }

  @Public()
  @Get('public')
  known() {
    return {};
  }
}

@Controller()
class ForgottenGrpc {
  @GrpcMethod('Ledger', 'GetBalance')
  balance() {
    return {};
  }
}

@Scopes('ledger:read')
@Controller('guarded')
class GuardedController {
  @Get()
  read() {
    return {};
  }
}

@Module({ controllers: [GuardedController, ForgottenController, ForgottenGrpc] })
class ForgetfulModule {}

@Module({ controllers: [GuardedController] })
class GuardedModule {}

const before = { ...process.env };

beforeAll(() => {
  Object.assign(process.env, {
    OIDC_ISSUER: 'http://127.0.0.1:1',
    SERVICE_CLIENT_ID: 'spec',
    SERVICE_CLIENT_SECRET: 'secret',
    LOG_LEVEL: 'silent',
  });
});

afterAll(() => {
  process.env = before;
});

describe('a service at its start', () => {
  it('refuses routes that say neither which scopes they need nor that they are public, REST and gRPC alike', async () => {
    await expect(started(ForgetfulModule)).rejects.toThrow(
      'These routes have neither @Scopes nor @Public: ForgottenController.read, ForgottenGrpc.balance',
    );
  });

  it('starts where every route says it', async () => {
    const app = await started(GuardedModule);
    await app.close();
  });
});

const started = (module: new () => unknown) =>
  createApp({ name: 'spec', module, httpPort: 0, title: 'Spec', description: 'A service for this spec.' });
