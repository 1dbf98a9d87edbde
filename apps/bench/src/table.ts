import { fixed, type Measurement, rateOf } from './measure.ts';

/** What was measured, beside the baseline of the same run and what was hoped for. */
export interface Compared {
  readonly measured: Measurement;
  /** How it compares with its baseline, such as `81 % of the bare rate`; empty for a baseline. */
  readonly ratio: string;
  readonly target: string;
  /** Undefined where there is no target. */
  readonly met: boolean | undefined;
}

/** A baseline, or a figure without a target. */
export const shown = (measured: Measurement, ratio = ''): Compared => ({
  measured,
  ratio,
  target: '',
  met: undefined,
});

/** The table as text: one line for each measurement. */
export function tableText(lines: readonly Compared[]): string {
  const head = ['', 'operations', 'per second', 'Node µs', 'PostgreSQL µs', 'ratio', 'target', ''];
  const rows = [head, ...lines.map(cellsOf)];
  const widths = head.map((_cell, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => aligned(cell, widths[column] ?? 0, column))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

const aligned = (cell: string, width: number, column: number): string =>
  column >= 1 && column <= 4 ? cell.padStart(width) : cell.padEnd(width);

function cellsOf({ measured, ratio, target, met }: Compared): string[] {
  const { name, operations, nodeMicros, postgresMicros, remark } = measured;
  return [
    name,
    operations.toLocaleString('en'),
    Math.round(rateOf(measured)).toLocaleString('en'),
    micros(nodeMicros),
    micros(postgresMicros),
    [ratio, remark ?? ''].filter((text) => text !== '').join('; '),
    target,
    met === undefined ? '' : met ? 'met' : 'NOT met',
  ];
}

const micros = (value: number): string => (Number.isFinite(value) ? fixed(value, 1) : '–');
