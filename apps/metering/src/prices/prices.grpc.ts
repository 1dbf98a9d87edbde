import { Code, InstantText, type MeteringApi } from '@app/contracts';
import { currentCaller, Problem, Scopes } from '@app/transport';
import type { Metadata } from '@grpc/grpc-js';
import { Controller } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { z } from 'zod';
import { changeMessage, impactMessage, proposedOf, versionMessage } from './price-message.ts';
import { proposedVersionOf, viewOf } from './price-view.ts';
import { problemOfExamination } from './publication-problem.ts';
import type { PublicationResult } from './price-examination.ts';
import { PublishPricesHandler } from './publish-prices.handler.ts';
import { ReadPricesHandler } from './read-prices.handler.ts';

const optional = <Schema extends z.ZodType>(schema: Schema) =>
  z.preprocess((given) => (given === '' ? undefined : given), schema.optional());
const Prices = z.object({ rateCard: optional(Code), publicCard: optional(Code) });
const Changes = Prices.extend({
  since: optional(InstantText),
  cursor: z.string().max(200),
  pageSize: z.int().min(0).max(500),
});
const pageDefault = 50;

/** The gRPC door of the price book; the gateway asks here for its customers. */
@Controller()
export class PricesGrpc {
  constructor(
    private readonly read: ReadPricesHandler,
    private readonly publishPrices: PublishPricesHandler,
  ) {}

  @GrpcMethod('Metering', 'ListPrices')
  @Scopes('prices:read')
  async prices(request: MeteringApi.ListPricesRequest): Promise<MeteringApi.ListPricesResponse> {
    const card = this.cardOf(parsed(Prices, request));
    return { versions: (await this.read.prices(card)).map(versionMessage) };
  }

  @GrpcMethod('Metering', 'ListPriceChanges')
  @Scopes('prices:read')
  async changes(request: MeteringApi.ListPriceChangesRequest): Promise<MeteringApi.ListPriceChangesResponse> {
    const { since, cursor, pageSize, ...cards } = parsed(Changes, request);
    const question = { card: this.cardOf(cards), since, cursor, pageSize: pageSize || pageDefault };
    const page = await this.read.changes(question);
    return { changes: page.changes.map(changeMessage), nextCursor: page.nextCursor };
  }

  private cardOf({ rateCard, publicCard }: z.infer<typeof Prices>): string | undefined {
    return rateCard ?? this.read.publicCard(publicCard);
  }

  @GrpcMethod('Metering', 'PublishPrices')
  @Scopes('prices:publish')
  async publish(
    request: MeteringApi.PublishPricesRequest,
    metadata: Metadata,
  ): Promise<MeteringApi.PublishPricesResponse> {
    const versions = request.versions.map((message, index) => {
      const { rateCardId, ...body } = parsedBy(() => proposedOf(message), index);
      return proposedVersionOf(rateCardId, body);
    });
    const reason = request.reason === '' ? undefined : request.reason;
    const result = request.dryRun
      ? await this.publishPrices.examine(versions)
      : await this.publishPrices.handle({ versions, by: currentCaller(metadata).subject, reason });
    if (result.outcome === 'refused') throw new Problem(problemOfExamination(result.examination, placeOf));
    return responseOf(result);
  }
}

const placeOf = (index: number, field: string): string => `versions.${index.toString()}.${field}`;

function responseOf(
  result: Exclude<PublicationResult, { readonly outcome: 'refused' }>,
): MeteringApi.PublishPricesResponse {
  const published = result.outcome === 'published' ? result.published : [];
  return {
    outcome: result.outcome,
    versions: published.map((version) => versionMessage(viewOf(version, null))),
    proposalId: result.outcome === 'waits' ? result.proposalId : '',
    needsApproval: result.examination.needsApproval,
    impact: result.examination.impact.models.map(impactMessage),
  };
}

const parsed = <Schema extends z.ZodType>(schema: Schema, message: object): z.infer<Schema> =>
  parsedBy(() => schema.parse(message));

function parsedBy<Value>(read: () => Value, index?: number): Value {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error;
    const errors = error.issues.map(({ path, message: reason }) => {
      const field = path.join('.');
      return { field: index === undefined ? field : placeOf(index, field), reason };
    });
    const detail = errors.map((one) => `${one.field}: ${one.reason}`).join('; ');
    throw new Problem({
      ...{ code: 'invalid-request', detail, errors, remedy: 'Correct the fields that are named.' },
      field: errors[0]?.field ?? '',
    });
  }
}
