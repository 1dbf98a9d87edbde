import { createHash } from 'node:crypto';
import { canonicalText } from '@app/contracts';
import { Injectable } from '@nestjs/common';
import { noBudgets } from '../access/key-policy.ts';
import type { NewCustomer } from './customer.ts';
import { type Creation, CustomersStore } from './customers.store.ts';
import { plans } from './plans.ts';

/** Creates customers. The same request under the same idempotency key gives the same customer, for ever. */
@Injectable()
export class CreateCustomerHandler {
  constructor(private readonly customers: CustomersStore) {}

  async handle(wanted: NewCustomer, idempotencyKey: string | undefined): Promise<Creation> {
    return this.customers.create({
      ...wanted,
      budgets: wanted.budgets ?? noBudgets,
      plan: plans[wanted.plan],
      status: 'active',
      idempotencyKey,
      fingerprint: createHash('sha256').update(canonicalText(wanted)).digest(),
    });
  }
}
