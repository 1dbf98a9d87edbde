import { status } from '@grpc/grpc-js';

/**
 * Every refusal that a door may give, with its HTTP status: the one place where a code of the core becomes a status.
 * A code that is not here does not compile as a Problem without a status of its own.
 */
export const httpStatusOf = {
  // The request itself.
  'invalid-request': 400,
  'missing-idempotency-key': 400,
  'unsupported-media-type': 415,
  'too-large': 413,
  // Who asks.
  unauthenticated: 401,
  forbidden: 403,
  // What is asked for.
  'not-found': 404,
  'unknown-account': 404,
  'unknown-customer': 404,
  'unknown-hold': 404,
  'unknown-top-up': 404,
  'unknown-refund': 404,
  'unknown-price': 404,
  'model-not-found': 404,
  // Money that is not there.
  'insufficient-balance': 402,
  'nothing-refundable': 402,
  'budget-exhausted': 402,
  // What is there stands against it.
  conflict: 409,
  'already-exists': 409,
  'request-in-flight': 409,
  'hold-settled': 409,
  'hold-released': 409,
  'hold-expired': 409,
  'wrong-status': 409,
  'account-closed': 409,
  // Understood and not acceptable.
  'different-request': 422,
  'amount-too-small': 422,
  'amount-too-large': 422,
  'impossible-usage': 422,
  'currency-differs': 422,
  // Later, perhaps.
  'rate-limited': 429,
  'too-many-open': 429,
  'internal-error': 500,
  'upstream-failed': 502,
  unavailable: 503,
  'timed-out': 504,
} as const satisfies Record<string, number>;

/** A code that has a status in the table. */
export type RefusalCode = keyof typeof httpStatusOf;

/** Whether the table knows a code. */
export const isRefusalCode = (code: string): code is RefusalCode => Object.hasOwn(httpStatusOf, code);

const grpcStatusByHttp: Readonly<Record<number, status>> = {
  400: status.INVALID_ARGUMENT,
  401: status.UNAUTHENTICATED,
  402: status.FAILED_PRECONDITION,
  403: status.PERMISSION_DENIED,
  404: status.NOT_FOUND,
  409: status.ALREADY_EXISTS,
  413: status.RESOURCE_EXHAUSTED,
  415: status.INVALID_ARGUMENT,
  422: status.FAILED_PRECONDITION,
  429: status.RESOURCE_EXHAUSTED,
  502: status.UNAVAILABLE,
  503: status.UNAVAILABLE,
  504: status.DEADLINE_EXCEEDED,
};

/** The gRPC status that says the same as an HTTP status; INTERNAL where there is none. */
export const grpcStatusOf = (httpStatus: number): status => grpcStatusByHttp[httpStatus] ?? status.INTERNAL;
