export { accept, type Decider, type Decision, fold, refuse } from './decider.ts';
export { invariant, InvariantViolation, unreachable } from './invariant.ts';
