import { publicRoute } from '@app/observability';
import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiBearerAuth } from '@nestjs/swagger';

/** What a token may allow its bearer to do. */
export const scopes = [
  'ledger:read',
  'ledger:post',
  'holds:write',
  'usage:write',
  'usage:read',
  'quarantine:resolve',
  'prices:read',
  'prices:publish',
  'prices:approve',
  'customers:write',
  'customers:read',
  'payments:read',
  'payments:write',
  'adjustments:request',
  'adjustments:approve',
  'messages:read',
  'messages:drive',
  'messages:approve',
] as const;
export type Scope = (typeof scopes)[number];

/** Metadata of a route that needs a token. */
export const scopesOfRoute = 'haoli:scopes';

/** The route, or every route of the controller, needs a token with all of these scopes; REST and gRPC alike. */
export const Scopes = (...needed: readonly [Scope, ...Scope[]]): ClassDecorator & MethodDecorator =>
  applyDecorators(SetMetadata(scopesOfRoute, needed), ApiBearerAuth());

/** The route needs no token; whatever it needs instead (an API key, a signature) it checks itself. */
export const Public = (): ClassDecorator & MethodDecorator => SetMetadata(publicRoute, true);
