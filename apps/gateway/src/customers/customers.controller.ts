import { Id } from '@app/contracts';
import { Problem, Scopes } from '@app/transport';
import { Body, Controller, Get, Headers, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { CreateCustomerHandler } from './create-customer.handler.ts';
import { type Customer, CustomerChange, NewCustomer } from './customer.ts';
import { CustomerPage, CustomerView, viewOf } from './customer-view.ts';
import { CustomersStore } from './customers.store.ts';

const IdempotencyKey = z.string().min(1).max(255).optional();
const PageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(500).default(50),
  cursor: Id.optional().describe('Where the page before ended.'),
});

/** Customers, for operators. */
@ApiTags('customers')
@Controller('v1/admin/customers')
export class CustomersController {
  constructor(
    private readonly createCustomer: CreateCustomerHandler,
    private readonly customers: CustomersStore,
  ) {}

  @Post()
  @HttpCode(201)
  @Scopes('customers:write')
  @ApiOperation({
    summary: 'Creates a customer with one wallet; the same idempotency key gives the same customer',
  })
  @ApiHeader({ name: 'idempotency-key', required: false })
  @ApiCreatedResponse({ standardSchema: CustomerView })
  async create(
    @Body({ schema: NewCustomer }) body: NewCustomer,
    @Headers('idempotency-key') header: string | undefined,
  ): Promise<CustomerView> {
    const creation = await this.createCustomer.handle(body, idempotencyKeyOf(header));
    if (creation.outcome === 'conflict') throw differentRequest();
    return viewOf(creation.customer);
  }

  @Get()
  @Scopes('customers:read')
  @ApiOperation({ summary: 'Customers in the order of their creation' })
  @ApiOkResponse({ standardSchema: CustomerPage })
  async list(
    @Query({ schema: PageQuery }) { limit, cursor }: z.infer<typeof PageQuery>,
  ): Promise<CustomerPage> {
    const customers = await this.customers.list({ after: cursor ?? '', limit });
    const last = customers.length === limit ? customers.at(-1) : undefined;
    return { customers: customers.map(viewOf), nextCursor: last?.customerId ?? '' };
  }

  @Get(':customerId')
  @Scopes('customers:read')
  @ApiOperation({ summary: 'One customer' })
  @ApiOkResponse({ standardSchema: CustomerView })
  async find(@Param('customerId') customerId: string): Promise<CustomerView> {
    return found(await this.customers.find(customerId));
  }

  @Patch(':customerId')
  @Scopes('customers:write')
  @ApiOperation({
    summary: 'Changes how much all keys of a customer may spend together, from its next call on',
  })
  @ApiOkResponse({ standardSchema: CustomerView })
  async change(
    @Param('customerId') customerId: string,
    @Body({ schema: CustomerChange }) body: CustomerChange,
  ): Promise<CustomerView> {
    return found(await this.customers.change(customerId, body));
  }
}

function found(customer: Customer | undefined): CustomerView {
  if (customer === undefined)
    throw new Problem({ code: 'unknown-customer', detail: 'There is no such customer.' });
  return viewOf(customer);
}

function idempotencyKeyOf(header: string | undefined): string | undefined {
  const key = IdempotencyKey.safeParse(header);
  if (key.success) return key.data;
  throw new Problem({
    code: 'invalid-request',
    field: 'idempotency-key',
    detail: 'An idempotency key has 1 to 255 characters.',
  });
}

const differentRequest = () =>
  new Problem({
    code: 'different-request',
    field: 'idempotency-key',
    detail: 'This idempotency key was used before with another request.',
    remedy: 'Use a new key for a new customer.',
  });
