import { describe, expect, it } from '@jest/globals';
import { accept, type Decider, fold, refuse } from './decider.ts';
import { invariant, InvariantViolation } from './invariant.ts';

type Event = { readonly type: 'Opened' } | { readonly type: 'Closed' };
type Command = 'open' | 'close';

/** A door: the smallest life that can be refused, repeated and folded. */
const door: Decider<'shut' | 'open', Command, Event, { readonly code: 'already-shut' }> = {
  initial: 'shut',
  decide: (command, state) => {
    if (command === 'open') return state === 'open' ? accept() : accept<Event>({ type: 'Opened' });
    return state === 'shut' ? refuse({ code: 'already-shut' as const }) : accept<Event>({ type: 'Closed' });
  },
  evolve: (_, event) => (event.type === 'Opened' ? 'open' : 'shut'),
};

describe('accept', () => {
  it('carries the events in their order', () => {
    expect(accept(1, 2)).toEqual({ accepted: true, events: [1, 2] });
  });

  it('without events says that nothing is left to do', () => {
    expect(door.decide('open', 'open')).toEqual({ accepted: true, events: [] });
  });
});

describe('refuse', () => {
  it('carries the reason as a value', () => {
    expect(door.decide('close', 'shut')).toEqual({ accepted: false, refusal: { code: 'already-shut' } });
  });
});

describe('fold', () => {
  it('begins at the initial state', () => {
    expect(fold(door, [])).toBe('shut');
    expect(fold(door, [{ type: 'Opened' }])).toBe('open');
  });

  it('goes on from a given state', () => {
    expect(fold(door, [], 'open')).toBe('open');
    expect(fold(door, [{ type: 'Opened' }, { type: 'Closed' }], 'open')).toBe('shut');
  });
});

describe('invariant', () => {
  it('says nothing while the rule holds', () => {
    expect(() => {
      invariant(true, 'holds');
    }).not.toThrow();
  });

  it('throws the rule that does not hold', () => {
    expect(() => {
      invariant(false, 'an account cannot pay itself');
    }).toThrow(new InvariantViolation('an account cannot pay itself'));
  });
});
