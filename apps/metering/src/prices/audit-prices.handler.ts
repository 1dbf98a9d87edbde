import { auditDerivation, type AuditFinding } from '@app/rating';
import { Injectable } from '@nestjs/common';
import { type ListPrices, type OfficialDifference, officialDifferences } from './list-prices.ts';
import { PriceBookStore } from './price-book.store.ts';
import type { PublishedVersion } from './published-version.ts';

/** What the audit says about one version; versions without inputs, and those where all follows, are only counted. */
export interface AuditedVersion {
  readonly priceVersionId: string;
  readonly rateCardId: string;
  readonly model: string;
  readonly effectiveFrom: string;
  readonly basis: string;
  /** Prices that do not follow; `costs.0.` before a field that is what an upstream charges us. */
  readonly findings: readonly AuditFinding[];
  readonly officialDifferences: readonly OfficialDifference[];
}

/** The audit of the book. */
export interface PriceAudit {
  readonly versions: number;
  readonly withInputs: number;
  readonly reported: readonly AuditedVersion[];
}

/** Recomputes every derivation of the price book, and compares the official prices that it states with a list. */
@Injectable()
export class AuditPricesHandler {
  constructor(private readonly book: PriceBookStore) {}

  async handle(rateCardId: string | undefined, list: ListPrices | undefined): Promise<PriceAudit> {
    const listed = await this.book.list(rateCardId === undefined ? {} : { rateCardIds: [rateCardId] });
    const withInputs = listed.filter(
      ({ version }) => version.derivation !== null || version.costs.length > 0,
    );
    const audited = withInputs.map(({ version }) => auditedVersion(version, list));
    return {
      versions: listed.length,
      withInputs: withInputs.length,
      reported: audited.filter((one) => one.findings.length > 0 || one.officialDifferences.length > 0),
    };
  }
}

function auditedVersion(version: PublishedVersion, list: ListPrices | undefined): AuditedVersion {
  const { id: priceVersionId, rateCardId, model, effectiveFrom, basis, derivation, costs } = version;
  const own = derivation === null ? [] : auditDerivation(version, derivation);
  const upstream = costs.flatMap((cost, index) =>
    auditDerivation(cost.terms, cost.derivation).map((finding) => ({
      ...finding,
      field: `costs.${index.toString()}.${finding.field}`,
    })),
  );
  return {
    ...{ priceVersionId, rateCardId, model, effectiveFrom, basis, findings: [...own, ...upstream] },
    officialDifferences:
      list === undefined || derivation === null ? [] : officialDifferences(model, derivation, list),
  };
}
