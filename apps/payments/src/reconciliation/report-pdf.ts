import PDFDocument from 'pdfkit';
import type { ReconciliationReport } from './reconciliation-report.ts';

const margin = 48;

/** The report on paper, in A4. Its text can be selected; it holds nothing that the JSON does not. */
export async function pdfOf(report: ReconciliationReport): Promise<Buffer> {
  const { channel, day, runAt, runBy, status, breaks } = report;
  const pdf = new PDFDocument({
    ...{ size: 'A4', margin, bufferPages: true },
    info: { Title: `Reconciliation of ${channel}, ${day}`, CreationDate: new Date(runAt) },
  });
  const chunks: Buffer[] = [];
  pdf.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ended = new Promise((resolve) => pdf.once('end', resolve));
  pdf.font('Helvetica-Bold').fontSize(16).text(`Reconciliation of ${channel}, ${day} (Asia/Shanghai)`);
  pdf.font('Helvetica').fontSize(9).text(`Compared ${runAt} by ${runBy}. Status: ${status}.`).moveDown();
  pdf.fontSize(8).table({ data: figureRows(report) });
  pdf
    .moveDown()
    .font('Helvetica-Bold')
    .fontSize(12)
    .text(`Breaks: ${String(breaks.length)}`);
  pdf.font('Helvetica').fontSize(7);
  if (breaks.length > 0) pdf.moveDown().table({ data: breakRows(report) });
  numberPages(pdf);
  pdf.end();
  await ended;
  return Buffer.concat(chunks);
}

function figureRows({ figures, currency, clearing }: ReconciliationReport): string[][] {
  const { payments, refunds, fees, settled, opening, closing } = figures;
  return [
    [currency, 'Provider', 'Our books'],
    [
      'Payments',
      `${String(payments.theirs.count)}: ${payments.theirs.sum}`,
      `${String(payments.ours.count)}: ${payments.ours.sum}`,
    ],
    [
      'Refunds',
      `${String(refunds.theirs.count)}: ${refunds.theirs.sum}`,
      `${String(refunds.ours.count)}: ${refunds.ours.sum}`,
    ],
    ['Fees taken', fees.taken, 'told to the ledger'],
    ['Fees returned', fees.returned, 'told to the ledger'],
    ['Settled to our bank', settled, 'told to the ledger'],
    ['Opening balance', opening, ''],
    ['Closing balance', closing, clearing ?? 'not asked yet'],
  ];
}

const breakRows = ({ breaks }: ReconciliationReport): string[][] => [
  ['Class', 'Order', 'Provider’s number', 'Provider', 'Ours', 'Resolution'],
  ...breaks.map((one) => [
    ...[one.class, one.number, one.reference, one.theirs ?? '-', one.ours ?? '-'],
    one.resolution === null
      ? `open; proposed: ${one.proposed}`
      : `${one.resolution} ${one.proposalId ?? ''}`.trim(),
  ]),
];

function numberPages(pdf: PDFKit.PDFDocument): void {
  const { count } = pdf.bufferedPageRange();
  for (let page = 0; page < count; page += 1) {
    pdf.switchToPage(page);
    const bottom = pdf.page.height - margin / 2;
    // Below the margin a line would begin a page of its own.
    pdf.page.margins.bottom = 0;
    pdf.fontSize(7).text(`${String(page + 1)} / ${String(count)}`, margin, bottom, { lineBreak: false });
  }
}
