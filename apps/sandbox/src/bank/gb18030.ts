/** The bytes of each character that GBK writes in two of them, read off Node's own decoder. */
const bytesOf = new Map<string, readonly [number, number]>();
const decoder = new TextDecoder('gb18030');
for (let high = 0x81; high <= 0xfe; high += 1) {
  for (let low = 0x40; low <= 0xfe; low += 1) {
    if (low === 0x7f) continue;
    const text = decoder.decode(Uint8Array.of(high, low));
    if (text.length === 1 && text !== '�') bytesOf.set(text, [high, low]);
  }
}

/** Text in the encoding of Chinese banks and of Alipay's bills; Node itself only reads it. */
export function encodeGb18030(text: string): Buffer {
  const bytes = Array.from(text).flatMap((character) => {
    const code = character.codePointAt(0) ?? 0;
    return code < 0x80 ? [code] : [...(bytesOf.get(character) ?? [0x3f])];
  });
  return Buffer.from(bytes);
}
