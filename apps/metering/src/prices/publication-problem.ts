import type { PriceProblem } from '@app/rating';
import type { FieldError, ProblemInit } from '@app/transport';
import type { PublicationRefusal } from './price-publication.ts';
import type { Examination } from './price-examination.ts';

/** A refusal in words: which field, what is wrong with it, and what to do. */
export function problemOfRefusal(refusal: PublicationRefusal): ProblemInit {
  switch (refusal.code) {
    case 'invalid-price':
      return problemOfTerms(refusal.problems);
    case 'price-in-the-past':
      return {
        status: 422,
        code: 'price-in-the-past',
        field: 'effectiveFrom',
        detail: `${refusal.effectiveFrom} is before ${refusal.now}: calls that were made keep the price of their time.`,
        remedy: 'Choose an instant that has not come yet.',
      };
    case 'price-too-soon':
      return {
        status: 422,
        code: 'price-too-soon',
        field: 'effectiveFrom',
        detail: `The price is in use, so a change is announced first: the earliest instant is ${refusal.earliest}.`,
        remedy: 'Choose that instant or a later one.',
      };
    case 'other-currency':
      return {
        code: 'currency-differs',
        field: 'currency',
        detail: `The card is kept in ${refusal.cardCurrency}, not in ${refusal.currency}.`,
        remedy: 'Publish on a card of that currency.',
      };
    case 'price-exists':
      return {
        code: 'already-exists',
        field: 'effectiveFrom',
        detail: `The version ${refusal.priceVersionId} begins at the same instant with other terms.`,
        remedy: 'Choose another instant; a published version is never changed.',
      };
    case 'twice-in-request':
      return {
        code: 'invalid-request',
        field: 'effectiveFrom',
        detail: 'The same model begins twice at the same instant.',
        remedy: 'Leave one of the two out.',
      };
  }
}

/** The first refusal of a publication, and every wrong field of all of them, each at its place in the request. */
export function problemOfExamination(
  { versions }: Examination,
  placeOf: (index: number, field: string) => string,
): ProblemInit {
  const refused = versions.flatMap(({ refusal, version: { rateCardId, model } }, index) => {
    if (refusal === undefined) return [];
    const problem = problemOfRefusal(refusal);
    const errors = problem.errors ?? [{ field: problem.field ?? '', reason: problem.detail }];
    return [
      {
        problem,
        name: `${rateCardId}/${model}`,
        errors: errors.map(({ field, reason }) => ({ field: placeOf(index, field), reason })),
      },
    ];
  });
  const [first] = refused;
  if (first === undefined) throw new TypeError('nothing was refused');
  const errors = refused.flatMap((one) => one.errors);
  const detail = versions.length === 1 ? first.problem.detail : `${first.name}: ${first.problem.detail}`;
  return { ...first.problem, detail, errors, field: errors[0]?.field ?? '' };
}

function problemOfTerms(problems: readonly PriceProblem[]): ProblemInit {
  const errors = problems.map((problem): FieldError => ({ field: problem.field, reason: reasonOf(problem) }));
  const [first] = errors;
  return {
    code: 'invalid-request',
    detail: errors.map(({ field, reason }) => `${field}: ${reason}`).join('; '),
    remedy: 'Correct the fields that are named.',
    errors,
    ...(first === undefined ? {} : { field: first.field }),
  };
}

function reasonOf({ code, problem, computed }: PriceProblem): string {
  if (code !== 'does-not-follow') return problem ?? code;
  if (computed === undefined) return 'does not follow: price and official price are not both there';
  return `does not follow from its inputs, which give ${computed}; basis "listed" publishes it nevertheless`;
}
