// Four below each: half as many levels as with two, and the four lie side by side in memory.
const fanOut = 4;

/** A heap of numbers that gives the least one first. It has room for as many as it was made for. */
export class MinHeap {
  private readonly keys: Float64Array;
  private size = 0;

  constructor(room: number) {
    this.keys = new Float64Array(room);
  }

  /** Takes a number in. */
  push(key: number): void {
    const { keys } = this;
    let at = this.size;
    this.size += 1;
    while (at > 0) {
      const parent = (at - 1) >> 2;
      const above = keys[parent] as number;
      if (above <= key) break;
      keys[at] = above;
      at = parent;
    }
    keys[at] = key;
  }

  /** Gives the least number and lets it go; undefined where there is none. */
  pop(): number | undefined {
    if (this.size === 0) return undefined;
    const least = this.keys[0];
    this.size -= 1;
    if (this.size > 0) this.sink(this.keys[this.size] as number);
    return least;
  }

  /** Puts a number in the place of the least. */
  private sink(key: number): void {
    const { keys, size } = this;
    let at = 0;
    for (let first = 1; first < size; first = fanOut * at + 1) {
      const end = first + fanOut;
      const child = this.leastOf(first, end < size ? end : size);
      const below = keys[child] as number;
      if (below >= key) break;
      keys[at] = below;
      at = child;
    }
    keys[at] = key;
  }

  private leastOf(first: number, end: number): number {
    let least = first;
    let key = this.keys[first] as number;
    for (let at = first + 1; at < end; at += 1) {
      const other = this.keys[at] as number;
      if (other < key) {
        key = other;
        least = at;
      }
    }
    return least;
  }
}
