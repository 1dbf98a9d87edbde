import { gzipSync } from 'node:zlib';
import type { BillKind, BillShelf } from '../providers/bill-shelf.ts';
import type { Answer } from '../providers/control-api.ts';
import type { Faults } from '../providers/faults.ts';
import { ProviderError } from '../providers/provider-error.ts';
import { billFile, digestOf } from './bill-files.ts';

const addressLivesMs = 5 * 60_000;

/** The daily bills: an address and a digest, signed; then the file itself, which is not. */
export class BillApi {
  private readonly shelf: BillShelf;
  private readonly faults: Faults;
  private readonly merchant: { readonly mchid: string; readonly appid: string };

  constructor(parts: { shelf: BillShelf; faults: Faults; merchant: { mchid: string; appid: string } }) {
    this.shelf = parts.shelf;
    this.faults = parts.faults;
    this.merchant = parts.merchant;
  }

  /** Where the bill lies, as the host that was asked tells it. */
  offer(kind: BillKind, query: URLSearchParams, host: string): Answer {
    const day = this.shelf.billOf(kind, query.get('bill_date') ?? '');
    if (!day) throw new ProviderError(404, 'NO_STATEMENT_EXIST', 'There is no bill of this day.');
    const on = kind === 'trade' ? 'tradeBill' : 'fundBill';
    const file = billFile(day, this.merchant, this.faults.take('billFooter', on) !== undefined);
    const isPacked = query.get('tar_type') === 'GZIP';
    const token = this.shelf.put(isPacked ? gzipSync(file) : file, addressLivesMs);
    const digest = digestOf(this.faults.take('billDigest', on) ? Buffer.from('another file') : file);
    const where = this.faults.take('foreignHost', on) ? 'bills.example.com' : host;
    const url = `http://${where}/v3/billdownload/file?token=${token}`;
    return { status: 200, body: { hash_type: 'SHA1', hash_value: digest, download_url: url } };
  }

  take(query: URLSearchParams): Answer {
    return { status: 200, file: this.shelf.take(query.get('token') ?? '') };
  }
}
