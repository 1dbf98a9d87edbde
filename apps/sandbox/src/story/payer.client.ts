import { StoryFailed } from './checks.ts';

/** The person with the phone: pays what a QR code asks for. */
export class PayerClient {
  constructor(private readonly sandboxUrl: string) {}

  async scanAndPay(codeUrl: string): Promise<void> {
    const answer = await fetch(`${this.sandboxUrl}/__sandbox/pay`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ codeUrl }),
      signal: AbortSignal.timeout(30_000),
    });
    if (!answer.ok)
      throw new StoryFailed(`the payer could not pay: ${String(answer.status)} ${await answer.text()}`);
  }
}
