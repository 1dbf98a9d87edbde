import { z } from 'zod';
import { httpStatusOf, isRefusalCode, type RefusalCode } from './refusal-status.ts';

/** One thing that is wrong with a request. */
export interface FieldError {
  readonly field: string;
  readonly reason: string;
}

/** What a caller is told where a request fails: what is wrong, in which field, and what to do about it. */
export interface ProblemDetails {
  /** A stable word for programs. */
  readonly code: string;
  /** The code in words, the same for every occurrence. */
  readonly title?: string;
  /** What is wrong this time, for people. */
  readonly detail: string;
  /** The first field that is wrong. */
  readonly field?: string;
  /** What the caller can do about it. */
  readonly remedy?: string;
  /** Every field that is wrong, where there are several. */
  readonly errors?: readonly FieldError[];
  /** Figures that belong to the code, such as `available`; money as text. */
  readonly data?: Readonly<Record<string, unknown>>;
}

/** A problem as it is answered. Figures that belong to the code stand beside. */
export const ProblemBody = z.looseObject({
  type: z.string().describe('urn:haoli:problem:<code>'),
  title: z.string(),
  status: z.int(),
  code: z.string().describe('A stable word for programs.'),
  detail: z.string().describe('What is wrong this time, for people.'),
  field: z.string().optional().describe('The first field that is wrong.'),
  remedy: z.string().optional(),
  errors: z.array(z.object({ field: z.string(), reason: z.string() })).optional(),
});

/** A problem to throw: a code of the table, or any other code with its status. */
export type ProblemInit =
  | (ProblemDetails & { readonly code: RefusalCode; readonly status?: number })
  | (ProblemDetails & { readonly status: number });

/**
 * A request that is answered with `application/problem+json` (RFC 9457), and over gRPC with the matching status and the same
 * details in the metadata `problem-bin`. Thrown by doors only; the core refuses with values.
 */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly status: number;
  readonly details: ProblemDetails;

  constructor(init: ProblemInit, options?: ErrorOptions) {
    super(init.detail, options);
    const { status, ...details } = init;
    this.status = status ?? statusOf(init.code);
    this.details = details;
  }

  get code(): string {
    return this.details.code;
  }

  /** The body of the HTTP answer. */
  toJson(): Readonly<Record<string, unknown>> {
    const { data, ...details } = this.details;
    return {
      type: `urn:haoli:problem:${this.code}`,
      title: titleOf(this.code),
      status: this.status,
      ...details,
      ...data,
    };
  }
}

/** `insufficient-balance` → `Insufficient balance`. */
const titleOf = (code: string): string => (code.charAt(0).toUpperCase() + code.slice(1)).replaceAll('-', ' ');

const statusOf = (code: string): number => (isRefusalCode(code) ? httpStatusOf[code] : 500);
