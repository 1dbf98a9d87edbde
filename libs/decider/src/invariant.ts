/** A bug: something that is impossible by our own rules. Nobody handles it; it is parked and somebody is called. */
export class InvariantViolation extends Error {
  override readonly name = 'InvariantViolation';
}

/** Asserts what must hold by our own rules; a broken rule is a bug and is thrown, never answered. */
export function invariant(condition: boolean, rule: string): asserts condition {
  if (!condition) throw new InvariantViolation(rule);
}
