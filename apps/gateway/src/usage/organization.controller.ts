import type { MeteringApi } from '@app/contracts';
import { Public } from '@app/transport';
import { Controller, Get, Headers, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { AuthenticateKeyHandler } from '../access/authenticate-key.handler.ts';
import { Peers } from '../peers.client.ts';
import { CostsQuery, OrganizationUsageQuery, usageQuestionOf } from './organization-query.ts';
import {
  completionsOf,
  CompletionsPage,
  costOf,
  CostsPage,
  embeddingsOf,
  EmbeddingsPage,
  imagesOf,
  ImagesPage,
} from './organization-view.ts';
import { bucketPageOf } from './usage-view.ts';

type Product = 'completions' | 'embeddings' | 'images';

/** A customer's usage under the paths and names of OpenAI's administration API, for tools that were made for it. */
@ApiTags('account, as at OpenAI')
@ApiBearerAuth()
@Controller('v1/organization')
@Public()
export class OrganizationController {
  constructor(
    private readonly access: AuthenticateKeyHandler,
    private readonly peers: Peers,
  ) {}

  @Get('usage/completions')
  @ApiOperation({ summary: 'Chat, responses, messages and other completions, by bucket' })
  @ApiOkResponse({ standardSchema: CompletionsPage })
  async completions(
    @Headers('authorization') authorization: string | undefined,
    @Query({ schema: OrganizationUsageQuery }) query: OrganizationUsageQuery,
  ): Promise<z.infer<typeof CompletionsPage>> {
    return bucketPageOf(await this.usage(authorization, query, 'completions'), completionsOf);
  }

  @Get('usage/embeddings')
  @ApiOperation({ summary: 'Embeddings, by bucket' })
  @ApiOkResponse({ standardSchema: EmbeddingsPage })
  async embeddings(
    @Headers('authorization') authorization: string | undefined,
    @Query({ schema: OrganizationUsageQuery }) query: OrganizationUsageQuery,
  ): Promise<z.infer<typeof EmbeddingsPage>> {
    return bucketPageOf(await this.usage(authorization, query, 'embeddings'), embeddingsOf);
  }

  @Get('usage/images')
  @ApiOperation({ summary: 'Images, by bucket' })
  @ApiOkResponse({ standardSchema: ImagesPage })
  async images(
    @Headers('authorization') authorization: string | undefined,
    @Query({ schema: OrganizationUsageQuery }) query: OrganizationUsageQuery,
  ): Promise<z.infer<typeof ImagesPage>> {
    return bucketPageOf(await this.usage(authorization, query, 'images'), imagesOf);
  }

  @Get('costs')
  @ApiOperation({
    summary: 'What it cost by day of UTC, for display; the exact amounts are those of /v1/usage',
  })
  @ApiOkResponse({ standardSchema: CostsPage })
  async costs(
    @Headers('authorization') authorization: string | undefined,
    @Query({ schema: CostsQuery }) query: CostsQuery,
  ): Promise<z.infer<typeof CostsPage>> {
    const { customerId, currency } = await this.access.handle(authorization);
    const question = { customerId, product: '', ...usageQuestionOf(query, 'costs') };
    return bucketPageOf(await this.peers.metering.GetUsage(question), (result) => costOf(result, currency));
  }

  private async usage(
    authorization: string | undefined,
    query: OrganizationUsageQuery,
    product: Product,
  ): Promise<MeteringApi.UsagePage> {
    const { customerId } = await this.access.handle(authorization);
    return this.peers.metering.GetUsage({ customerId, product, ...usageQuestionOf(query, 'usage') });
  }
}
