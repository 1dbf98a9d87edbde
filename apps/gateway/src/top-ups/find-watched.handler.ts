import type { PaymentsApi } from '@app/contracts';
import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { AuthenticateKeyHandler } from '../access/authenticate-key.handler.ts';
import { Peers } from '../peers.client.ts';

/** A request for the changes of a top-up, which has been found. */
export type WatchRequest = FastifyRequest<{ Params: { readonly topUpId: string } }> & {
  topUp: PaymentsApi.TopUp;
};

/** Finds a top-up before its stream begins: Nest sends the head of a stream while its handler still works, and then no refusal has a status any more. */
@Injectable()
export class FindWatchedHandler implements CanActivate {
  constructor(
    private readonly access: AuthenticateKeyHandler,
    private readonly peers: Peers,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<WatchRequest>();
    const { customerId } = await this.access.handle(request.headers.authorization);
    const { topUpId } = request.params;
    request.topUp = await this.peers.payments.GetTopUp({ customerId, topUpId });
    return true;
  }
}
