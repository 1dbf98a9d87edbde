/** The time by which orders expire and looks are due. A port, so that a spec can let a year pass. */
export abstract class Clock {
  abstract now(): Date;
}

/** The machine's own time. */
export class SystemClock extends Clock {
  now(): Date {
    return new Date();
  }
}
