import { setImmediate as nextTurn } from 'node:timers/promises';

/**
 * Sends together what is added within one turn of the event loop, and what gathers while the peer has no room. There is no timer:
 * nobody waits for company, and under load there are fewer messages.
 */
export class Gathering<Item> {
  private readonly gathered: Item[] = [];
  private sending: Promise<void> | undefined;

  /** `send` gets at most so many items at once, in their order, is awaited before the next, and must not fail. */
  constructor(
    private readonly send: (items: readonly Item[]) => Promise<void> | void,
    private readonly itemsMax: number,
  ) {}

  /** Adds what is to be sent. */
  add(item: Item): void {
    this.gathered.push(item);
    this.sending ??= this.sendAll();
  }

  private async sendAll(): Promise<void> {
    while (this.gathered.length > 0) {
      await nextTurn();
      await this.send(this.gathered.splice(0, this.itemsMax));
    }
    this.sending = undefined;
  }
}
