import type { MeteringApi } from '@app/contracts';
import { Problem, Scopes } from '@app/transport';
import { Controller } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import type { z } from 'zod';
import { FindCallHandler } from './find-call.handler.ts';
import { ListCallsHandler } from './list-calls.handler.ts';
import { ReadUsageHandler } from './read-usage.handler.ts';
import { CallQuestion, CallsQuery, present, UsageQuery } from './usage-query.ts';

/** The gRPC door of usage reads; the gateway asks here for its customers. */
@Controller()
@Scopes('usage:read')
export class UsageGrpc {
  constructor(
    private readonly listCalls: ListCallsHandler,
    private readonly findCall: FindCallHandler,
    private readonly readUsage: ReadUsageHandler,
  ) {}

  @GrpcMethod('Metering', 'ListCalls')
  calls(request: MeteringApi.ListCallsRequest): Promise<MeteringApi.ListCallsResponse> {
    return this.listCalls.handle(parsed(CallsQuery, request));
  }

  @GrpcMethod('Metering', 'GetCall')
  call(request: MeteringApi.GetCallRequest): Promise<MeteringApi.CallReceipt> {
    return this.findCall.handle(parsed(CallQuestion, request));
  }

  @GrpcMethod('Metering', 'GetUsage')
  usage(request: MeteringApi.GetUsageRequest): Promise<MeteringApi.UsagePage> {
    return this.readUsage.handle(parsed(UsageQuery, request));
  }
}

function parsed<Schema extends z.ZodType>(schema: Schema, message: object): z.infer<Schema> {
  const result = schema.safeParse(present(message));
  if (result.success) return result.data;
  const errors = result.error.issues.map(({ path, message: reason }) => ({ field: path.join('.'), reason }));
  const field = errors[0]?.field ?? '';
  const detail = errors.map((error) => `${error.field}: ${error.reason}`).join('; ');
  throw new Problem({ code: 'invalid-request', field, detail, errors });
}
