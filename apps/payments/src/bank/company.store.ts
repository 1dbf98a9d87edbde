import { randomBytes } from 'node:crypto';
import { Database, type Tx } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import type { RemittingCompany } from './match-line.ts';
import { remittanceCodeOf } from './remittance-code.ts';

interface Row {
  readonly customer_id: string;
  readonly code: string;
  readonly verified_name: string | null;
  readonly status: string | null;
}

const columns = 'customer_id, code, verified_name, customer.status';
const from = 'remitting_company LEFT JOIN customer USING (customer_id)';

/** Companies that pay by bank transfer, each with its code for ever. */
@Injectable()
export class Companies {
  constructor(private readonly database: Database) {}

  /** The company of a customer; it gets its code when it is first asked for. */
  async ofCustomer(customerId: string): Promise<RemittingCompany> {
    await this.database.query(
      'INSERT INTO remitting_company (customer_id, code) VALUES ($1, $2) ON CONFLICT (customer_id) DO NOTHING',
      [customerId, remittanceCodeOf(randomBytes(8))],
    );
    const [row] = await this.database.query<Row>(`SELECT ${columns} FROM ${from} WHERE customer_id = $1`, [
      customerId,
    ]);
    if (!row) throw new Error(`The company of ${customerId} vanished.`);
    return company(row);
  }

  /** The companies of codes, by code. */
  async ofCodes(tx: Tx, codes: readonly string[]): Promise<ReadonlyMap<string, RemittingCompany>> {
    const rows = await tx.query<Row>(`SELECT ${columns} FROM ${from} WHERE code = ANY($1)`, [codes]);
    return new Map(rows.map((row) => [row.code, company(row)]));
  }

  /** Believes a name from now on; two people have said so. */
  async verify(tx: Tx, customerId: string, by: { name: string; proposalId: string }): Promise<boolean> {
    const rows = await tx.query(
      `UPDATE remitting_company SET verified_name = $2, verified_by_proposal = $3 WHERE customer_id = $1
       RETURNING customer_id`,
      [customerId, by.name, by.proposalId],
    );
    return rows.length > 0;
  }
}

const company = (row: Row): RemittingCompany => ({
  customerId: row.customer_id,
  code: row.code,
  verifiedName: row.verified_name,
  isActive: row.status === 'active' || row.status === null,
});
