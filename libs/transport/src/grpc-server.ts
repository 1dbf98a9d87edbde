import { type Server } from '@grpc/grpc-js';
import { loadSync, type PackageDefinition } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { Transport, type GrpcOptions } from '@nestjs/microservices';
import { HealthImplementation, protoPath as healthProtoPath } from 'grpc-health-check';
import { join } from 'node:path';
import { protoDirectory, protoLoading } from './protos.ts';

/** What a service answers over gRPC. */
export interface GrpcServing {
  /** `host:port` to listen on. */
  readonly url: string;
  /** Such as `haoli.ledger.v1`. */
  readonly package: string;
  /** Below `libs/contracts/proto`. */
  readonly protoFile: string;
}

/** How long open calls may last once the service goes down; a stream would otherwise hold it for ever. */
const lastCallsMs = 5_000;

/** The answers to `grpc.health.v1.Health`, and the end of the server. */
export class GrpcHealth {
  readonly implementation = new HealthImplementation({ '': 'NOT_SERVING' });
  private server: Server | undefined;

  /** Adds health and reflection to the server of a service. */
  addTo(server: Server, definition: PackageDefinition): void {
    this.server = server;
    this.implementation.addToServer(server);
    new ReflectionService({ ...definition, ...loadSync(healthProtoPath) }).addToServer(server);
  }

  /** Says that calls are answered. */
  serving(): void {
    this.implementation.setStatus('', 'SERVING');
  }

  /** Says that calls should go elsewhere, and soon ends those that are still open. */
  drain(): void {
    this.implementation.setStatus('', 'NOT_SERVING');
    setTimeout(() => this.server?.forceShutdown(), lastCallsMs).unref();
  }
}

/** Nest's gRPC transport with health and reflection beside the service's own methods. */
export function grpcServer(serving: GrpcServing, health: GrpcHealth): GrpcOptions {
  return {
    transport: Transport.GRPC,
    options: {
      url: serving.url,
      package: serving.package,
      protoPath: join(protoDirectory(), serving.protoFile),
      loader: protoLoading(),
      gracefulShutdown: true,
      maxReceiveMessageLength: 4 * 1024 * 1024,
      onLoadPackageDefinition: (definition: PackageDefinition, server: Server) => {
        health.addTo(server, definition);
      },
    },
  };
}
