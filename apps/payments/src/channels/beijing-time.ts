const offsetMs = 8 * 60 * 60 * 1000;

/** The clock on the wall in Beijing, whatever the process believes of its time zone: `2026-11-22 16:00:30`. */
export const beijingSecond = (instant: Date): string =>
  new Date(instant.getTime() + offsetMs).toISOString().slice(0, 19).replace('T', ' ');

/** The instant of `2026-11-22 16:00:30` or `2026-11-22 16:00:30.123` in Beijing, as UTC text without idle zeros. */
export function fromBeijing(text: string): string {
  const instant = new Date(`${text.replace(' ', 'T')}+08:00`);
  return instant.toISOString().replace('.000Z', 'Z');
}
