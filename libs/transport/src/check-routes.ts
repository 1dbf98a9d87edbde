import { publicRoute } from '@app/observability';
import type { INestApplication, Type } from '@nestjs/common';
import { MetadataScanner, ModulesContainer } from '@nestjs/core';
import { Transport } from '@nestjs/microservices';
import { scopesOfRoute } from './scopes.ts';

/** Nest's own metadata keys of an HTTP route and of a message handler's transport. */
const pathOfRoute = 'path';
const transportOfHandler = 'microservices:transport';

/** Throws, naming them, where routes say neither which scopes they need nor that they are public. */
export function checkRoutes(app: INestApplication): void {
  const open = [...app.get(ModulesContainer).values()]
    .flatMap((module) => [...module.controllers.values()])
    .flatMap(({ metatype }) => (isClass(metatype) ? openRoutesOf(metatype) : []));
  if (open.length === 0) return;
  throw new TypeError(`These routes have neither @Scopes nor @Public: ${open.join(', ')}`);
}

function openRoutesOf(controller: Type): string[] {
  if (isGuarded(controller)) return [];
  const prototype = controller.prototype as Record<string, unknown>;
  return new MetadataScanner()
    .getAllMethodNames(prototype)
    .filter((name) => {
      const method = prototype[name];
      return typeof method === 'function' && isRoute(method) && !isGuarded(method);
    })
    .map((name) => `${controller.name}.${name}`);
}

const isRoute = (method: object): boolean =>
  Reflect.hasMetadata(pathOfRoute, method) ||
  Reflect.getMetadata(transportOfHandler, method) === Transport.GRPC;

const isGuarded = (place: object): boolean =>
  Reflect.hasMetadata(scopesOfRoute, place) || Reflect.hasMetadata(publicRoute, place);

const isClass = (value: unknown): value is Type =>
  typeof value === 'function' && value.prototype !== undefined;
