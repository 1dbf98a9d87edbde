import { Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { z } from 'zod';
import { Problem } from './problem.ts';
import { grpcStatusOf } from './refusal-status.ts';

/** The metadata in which a problem crosses gRPC, as JSON. */
const problemKey = 'problem-bin';

const ProblemJson = z.object({
  status: z.int(),
  code: z.string(),
  detail: z.string(),
  title: z.string().optional(),
  field: z.string().optional(),
  remedy: z.string().optional(),
  errors: z.array(z.object({ field: z.string(), reason: z.string() })).optional(),
  data: z.record(z.string(), z.unknown()).optional(),
});

/** A problem as a gRPC server answers it; also for the callback of a streaming method. */
export function grpcErrorOf(problem: Problem): ServiceError {
  const metadata = new Metadata();
  metadata.set(problemKey, Buffer.from(JSON.stringify({ status: problem.status, ...problem.details })));
  const details = `${problem.code}: ${problem.message}`;
  return Object.assign(new Error(details), { code: grpcStatusOf(problem.status), details, metadata });
}

/** The problem that a peer answered. Where the peer could not be reached or did not answer in time, it says so. */
export function problemOfGrpc(error: ServiceError): Problem {
  const [carried] = error.metadata.get(problemKey);
  const parsed = Buffer.isBuffer(carried) ? ProblemJson.safeParse(parsedJson(carried)) : undefined;
  if (parsed?.success === true) return new Problem(withoutUndefined(parsed.data), { cause: error });
  const code = plainCodes[error.code];
  if (code !== undefined) return new Problem({ code, detail: error.details }, { cause: error });
  return new Problem({ status: 502, code: 'upstream-failed', detail: error.details }, { cause: error });
}

/** What gRPC itself answers, without our details. */
const plainCodes: Partial<Record<status, 'unavailable' | 'timed-out' | 'unauthenticated' | 'forbidden'>> = {
  [status.UNAVAILABLE]: 'unavailable',
  [status.CANCELLED]: 'unavailable',
  [status.DEADLINE_EXCEEDED]: 'timed-out',
  [status.UNAUTHENTICATED]: 'unauthenticated',
  [status.PERMISSION_DENIED]: 'forbidden',
};

function parsedJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

type Known<Value> = { [Key in keyof Value]: Exclude<Value[Key], undefined> };

const withoutUndefined = <Value extends object>(value: Value): Known<Value> =>
  Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as Known<Value>;
