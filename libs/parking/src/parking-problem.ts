import { Problem } from '@app/transport';

/** There is no message of that id. */
export const unknownMessage = (): Problem =>
  new Problem({
    code: 'not-found',
    field: 'id',
    detail: 'There is no such parked message in this service.',
    remedy:
      'Each service keeps its own: look in GET /v1/admin/parked-messages of the service that reads the topic.',
  });

/** It ended, or somebody drives it at this moment. */
export const notFree = (status: string): Problem =>
  status === 'parked'
    ? new Problem({
        code: 'conflict',
        field: 'id',
        detail: 'Somebody drives this message at this moment.',
        remedy: 'Look at it again in a minute or two.',
      })
    : new Problem({
        code: 'wrong-status',
        field: 'id',
        detail: `This message does not wait any more: it is ${status}.`,
        remedy: 'Nothing is left to do with it.',
      });
