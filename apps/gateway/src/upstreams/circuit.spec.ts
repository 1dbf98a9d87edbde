import { describe, expect, it } from '@jest/globals';
import { Circuit } from './circuit.ts';

const opened = () => {
  const circuit = new Circuit();
  for (let count = 0; count < 5; count += 1) circuit.failed(0);
  return circuit;
};

describe('a circuit', () => {
  it('stays closed while failures are not five in a row', () => {
    const circuit = new Circuit();
    for (let count = 0; count < 20; count += 1) {
      circuit.failed(count);
      if (count % 4 === 3) circuit.succeeded();
      expect(circuit.admits(count)).toBe(true);
    }
  });

  it('opens for five seconds, then lets one call try', () => {
    const circuit = opened();
    expect(circuit.admits(4_999)).toBe(false);
    expect(circuit.admits(5_000)).toBe(true);
    expect(circuit.admits(5_001)).toBe(false);
  });

  it('closes when the trial succeeds', () => {
    const circuit = opened();
    circuit.admits(5_000);
    circuit.succeeded();
    expect([circuit.admits(5_001), circuit.admits(5_002)]).toEqual([true, true]);
  });

  it('waits twice as long after each trial that fails, up to a minute', () => {
    const circuit = opened();
    let at = 5_000;
    for (const wait of [10_000, 20_000, 40_000, 60_000, 60_000]) {
      expect(circuit.admits(at)).toBe(true);
      circuit.failed(at);
      expect(circuit.admits(at + wait - 1)).toBe(false);
      at += wait;
    }
  });

  it('lets another try where the trial said nothing about the provider', () => {
    const circuit = opened();
    expect(circuit.admits(5_000)).toBe(true);
    circuit.undecided();
    expect(circuit.admits(5_001)).toBe(true);
  });

  it('does not wait for ever for a trial that was never told about', () => {
    const circuit = opened();
    expect(circuit.admits(5_000)).toBe(true);
    expect(circuit.admits(35_000)).toBe(true);
  });
});
