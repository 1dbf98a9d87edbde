import { rm } from 'node:fs/promises';
import { downloadBill, refused } from '../bill-download.ts';
import { UnreadableBill } from '../daily-bill.ts';
import type { Outcome } from '../payment-channel.ts';
import { unpackBill } from './bill-archive.ts';

/** Where the provider's bills come from; a sandbox gives them out itself. */
const billHost = 'dwbillcenter.alipay.com';

/** Fetches a bill's archive and unpacks its details into the file. */
export async function fetchAlipayBill(
  url: string,
  gatewayUrl: string,
  file: string,
): Promise<Outcome<'fetched'>> {
  const archive = `${file}.zip`;
  try {
    const hosts = [billHost, new URL(gatewayUrl).host];
    const fetched = await downloadBill({ url, hosts, file: archive });
    if (fetched.kind !== 'ok') return fetched;
    await unpackBill(archive, file);
    return fetched;
  } catch (error) {
    if (error instanceof UnreadableBill) return refused('SPOILED_ARCHIVE', error.message);
    throw error;
  } finally {
    await rm(archive, { force: true });
  }
}
