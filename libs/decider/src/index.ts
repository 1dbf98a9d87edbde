export { accept, type Decider, type Decision, fold, refuse } from './decider.ts';
export { invariant, InvariantViolation } from './invariant.ts';
