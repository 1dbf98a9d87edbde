const secrets: readonly (readonly [RegExp, string])[] = [
  [/\b(?:sk|pk|rk|key|org|proj|sess)[-_][A-Za-z0-9_*-]{6,}/g, '[removed]'],
  [/\bBearer\s+\S+/gi, '[removed]'],
  [/\b[a-z][a-z0-9+.-]*:\/\/\S+/gi, '[removed]'],
  [
    /\b(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+(?:com|cn|net|org|io|ai|dev|cloud|internal|local|localhost)\b(?::\d+)?/gi,
    '[removed]',
  ],
  [/\b\d{1,3}(?:\.\d{1,3}){3}\b(?::\d+)?/g, '[removed]'],
  [/\[?(?:[0-9a-f]{0,4}:){3,7}[0-9a-f]{0,4}\]?(?::\d+)?/gi, '[removed]'],
  [/\blocalhost(?::\d+)?\b/gi, '[removed]'],
];
const lengthMax = 500;

/** Makes a provider's words fit for a customer: no key, organisation, address or host of ours, and no endless text. */
export function scrub(text: string): string {
  const short = text.slice(0, 4 * lengthMax);
  return secrets
    .reduce((clean, [pattern, replacement]) => clean.replaceAll(pattern, replacement), short)
    .slice(0, lengthMax);
}
