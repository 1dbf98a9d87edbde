/**
 * What a command came to: the facts to record, or the reason why there are none.
 * An acceptance without events says that everything asked for has already happened.
 */
export type Decision<Event, Refusal> =
  | { readonly accepted: true; readonly events: readonly Event[] }
  | { readonly accepted: false; readonly refusal: Refusal };

/** A life that is told by events. Both functions are total, synchronous, and take everything they need as arguments. */
export interface Decider<State, Command, Event, Refusal> {
  readonly initial: State;
  decide(command: Command, state: State): Decision<Event, Refusal>;
  evolve(state: State, event: Event): State;
}

/** Accepts a command with the facts that follow from it; without arguments, the command changes nothing. */
export function accept<Event>(...events: readonly Event[]): Decision<Event, never> {
  return { accepted: true, events };
}

/** Refuses a command; the refusal carries a closed `code` and the figures a person needs to do better. */
export function refuse<Refusal>(refusal: Refusal): Decision<never, Refusal> {
  return { accepted: false, refusal };
}

/** The state after these events, begun at `from` or at the beginning. */
export function fold<State, Command, Event, Refusal>(
  decider: Decider<State, Command, Event, Refusal>,
  events: readonly Event[],
  from: State = decider.initial,
): State {
  return events.reduce((state, event) => decider.evolve(state, event), from);
}
