import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Tiktoken } from 'tiktoken';
import { type Encoding, encodings, type RankFile, TokenCounter } from '@app/tokens';
import { figure, row, timed } from '../stopwatch.ts';
import { chinese, english } from './passages.ts';
import { hostileTexts, ordinaryTexts } from './texts.ts';

// How fast tokens are counted, beside OpenAI's own counter compiled to WebAssembly, on the same texts in the same run.
const englishTarget = 5;
const hostileSecondsMax = 1;

interface EncoderFile extends RankFile {
  readonly special_tokens: Record<string, number>;
  readonly pat_str: string;
}

const verdict = { isFast: true, isSame: true };
for (const encoding of encodings) report(encoding);
console.log(
  `\nTargets: English at ${englishTarget.toString()} MB/s or more, no megabyte takes a CPU second:`,
);
console.log(
  `${verdict.isFast ? 'reached' : 'missed'}; counts ${verdict.isSame ? 'are' : 'are NOT'} those of the reference.`,
);
process.exitCode = verdict.isFast && verdict.isSame ? 0 : 1;

function report(encoding: Encoding): void {
  const path = createRequire(import.meta.url).resolve(`tiktoken/encoders/${encoding}.json`);
  const file = JSON.parse(readFileSync(path, 'utf8')) as EncoderFile;
  let ours = new TokenCounter(encoding, file);
  const load = timed(() => {
    ours = new TokenCounter(encoding, file);
  });
  const reference = new Tiktoken(file.bpe_ranks, file.special_tokens, file.pat_str);
  console.log(`\n${encoding}: ranks ready in ${figure(load.cpuSeconds, 2)} CPU seconds`);
  reportOrdinary(ours, reference);
  reportHostile(ours, reference);
  reportRulesOfThumb(ours);
  reference.free();
}

function reportOrdinary(ours: TokenCounter, reference: Tiktoken): void {
  console.log(row('ordinary text, MB per CPU second', 'first time', 'again', 'WASM', 'ratio'));
  for (const { name, messages, megabytes } of ordinaryTexts()) {
    let counted = 0;
    let expected = 0;
    const cold = timed(() => {
      counted = sum(messages, (text) => ours.count(text));
    });
    const warm = timed(() => {
      sum(messages, (text) => ours.count(text));
    });
    const wasm = timed(() => {
      expected = sum(messages, (text) => reference.encode_ordinary(text).length);
    });
    const speeds = [cold, warm, wasm].map(({ cpuSeconds }) => megabytes / cpuSeconds);
    const [first = 0, , theirs = 0] = speeds;
    if (name.startsWith('English')) verdict.isFast &&= first >= englishTarget;
    verdict.isSame &&= counted === expected;
    console.log(row(name, ...speeds.map((speed) => figure(speed, 1)), figure(first / theirs, 1)));
  }
}

function reportHostile(ours: TokenCounter, reference: Tiktoken): void {
  console.log(row('hostile megabyte, CPU seconds', 'ours', '', 'WASM, 10 KB'));
  for (const [name, text] of hostileTexts()) {
    const { cpuSeconds } = timed(() => ours.count(text));
    // A hundredth of the text: the reference takes quadratic time, minutes for the whole.
    const part = text.slice(0, text.length / 100);
    const wasm = timed(() => reference.encode_ordinary(part));
    verdict.isFast &&= cpuSeconds < hostileSecondsMax;
    verdict.isSame &&= ours.count(part) === reference.encode_ordinary(part).length;
    console.log(row(name, figure(cpuSeconds, 3), '', figure(wasm.cpuSeconds, 3)));
  }
}

function reportRulesOfThumb(ours: TokenCounter): void {
  const words = english.split(' ').length;
  const forEnglish = ours.count(english);
  const forChinese = ours.count(chinese);
  console.log(row('rules of thumb', 'tokens each', 'in 1,000', 'rule', 'rule'));
  console.log(
    row('an English word', figure(forEnglish / words, 2), figure((1000 * words) / forEnglish), '1.3', '750'),
  );
  const characters = chinese.length;
  const each = figure(forChinese / characters, 2);
  console.log(row('a Chinese character', each, figure((1000 * characters) / forChinese), '1.5–2', '400'));
}

function sum(texts: readonly string[], count: (text: string) => number): number {
  return texts.reduce((total, text) => total + count(text), 0);
}
