import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { bodyOf, listening } from '../providers/http.ts';
import { BankBook, type PayoutRow } from './bank-book.ts';
import { beijingDay } from '../providers/money-book.ts';
import { VirtualClock } from '../providers/virtual-clock.ts';
import { type BankSandboxInput, parseBankSettings } from './bank-settings.ts';
import { type StatementFormat, statementFormats } from './statement-formats.ts';

/** A running bank sandbox. */
export interface BankSandbox {
  readonly url: string;
  close(): Promise<void>;
}

const Transfer = z.strictObject({
  direction: z.enum(['credit', 'debit']).default('credit'),
  fen: z.int().min(1),
  partyName: z.string(),
  partyAccount: z.string(),
  memo: z.string(),
});
const Reverse = z.strictObject({ reference: z.string() });
const formats = Object.keys(statementFormats) as StatementFormat[];
const Advance = z.strictObject({ advanceSeconds: z.number().min(0) });

/**
 * Starts a bank with one account of ours: `POST /__sandbox/transfer` books a movement, `/__sandbox/reverse` takes one back, `POST /__sandbox/clock` lets days pass, `POST /payouts` pays a payout file,
 * `POST /statement?format=…` gives the statement of what was booked since the last one.
 */
export async function startBankSandbox(input: BankSandboxInput): Promise<BankSandbox> {
  const settings = parseBankSettings(input);
  if (settings.NODE_ENV === 'production')
    throw new Error('The bank sandbox does not start with NODE_ENV=production.');
  const book = new BankBook(settings.BANK_SANDBOX_ACCOUNT);
  const bank = { book, clock: new VirtualClock() };
  const answer = (request: IncomingMessage, response: ServerResponse) => answered(bank, request, response);
  const { url, stop } = await listening(settings.BANK_SANDBOX_PORT, answer);
  return { url, close: stop };
}

interface Bank {
  readonly book: BankBook;
  readonly clock: VirtualClock;
}

async function answered(bank: Bank, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const told = await dispatched(bank, request);
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(told));
  } catch (error) {
    response.writeHead(400).end(JSON.stringify({ message: String(error) }));
  }
}

async function dispatched({ book, clock }: Bank, request: IncomingMessage): Promise<object> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://bank');
  const body = (await bodyOf(request)).toString('utf8');
  const today = beijingDay(clock.now());
  switch (pathname) {
    case '/__sandbox/transfer':
      return book.book(Transfer.parse(JSON.parse(body)), today);
    case '/__sandbox/reverse':
      return book.reverse(Reverse.parse(JSON.parse(body)).reference, today);
    case '/__sandbox/clock':
      clock.advance(Advance.parse(JSON.parse(body)).advanceSeconds * 1000);
      return { now: clock.now().toISOString() };
    case '/__sandbox/balance':
      return { fen: book.balance() };
    case '/payouts':
      return { paid: book.payOut(payoutRows(body), today) };
    case '/statement': {
      const format = formats.find((one) => one === searchParams.get('format')) ?? 'camt.053.001.08';
      return { format, content: statementFormats[format](book.state()).toString('base64') };
    }
    default:
      throw new Error(`There is no ${pathname}.`);
  }
}

/** Reads a payout file; its names have no line breaks. */
function payoutRows(text: string): readonly PayoutRow[] {
  const [, ...rows] = text.trim().split('\r\n');
  return rows.map((row) => {
    const match = /^([^,]+),([^,]+),CNY,"((?:[^"]|"")*)",([^,]+),([^,]+)$/.exec(row);
    if (!match) throw new Error(`Unreadable row: ${row}`);
    const [, number = '', amount = '', payeeName = '', payeeAccount = ''] = match;
    const [whole = '0', fraction = ''] = amount.split('.');
    const fen = Number(whole + fraction.padEnd(2, '0'));
    return { number, fen, payeeName: payeeName.replaceAll('""', '"'), payeeAccount };
  });
}
