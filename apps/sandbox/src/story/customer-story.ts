import type { LedgerApi } from '@app/contracts';
import type { GrpcApi } from '@app/transport';
import OpenAI from 'openai';
import { type Balance, type CallPage, Cost, UsagePage } from './answers.ts';
import { entriesOf, showJournal } from './books.ts';
import { eventually, mustBe, StoryFailed } from './checks.ts';
import { curl } from './curl.ts';
import { CustomerClient, type OperatorClient, Refused } from './gateway.client.ts';
import type { Narrator } from './narrator.ts';
import type { PayerClient } from './payer.client.ts';

/** What one customer does, with every figure worked out by hand beforehand. */
export interface Script {
  readonly name: string;
  readonly plan: string;
  readonly rateCardId: string;
  /** What ¥50 are in credits. */
  readonly toppedUpCredits: string;
  /** A call that is answered whole, and one that is streamed; the words ask the fake provider for this usage. */
  readonly whole: Call;
  readonly streamed: Call;
  /** Both charges together, and what is then left. */
  readonly spent: string;
  readonly left: string;
  /** What goes back: the rest, rounded up to fen, and by how much that is more. */
  readonly refunded: string;
  readonly rounding: string;
}

interface Call {
  readonly model: string;
  readonly input: number;
  readonly output: number;
  readonly charge: string;
  readonly credits: string;
}

/** Everybody that a customer meets. */
export interface Cast {
  readonly narrator: Narrator;
  readonly gatewayUrl: string;
  readonly operator: OperatorClient;
  readonly payer: PayerClient;
  readonly ledger: GrpcApi<LedgerApi.Ledger>;
}

const toppedUp = '50';
const tooLittle = '0.99';

/** One customer from its creation to the refund of what is left. */
export async function tellOfCustomer(cast: Cast, script: Script): Promise<void> {
  const { narrator, operator, gatewayUrl, ledger } = cast;
  narrator.chapter(`${script.name}: plan ${script.plan}, rate card ${script.rateCardId}`);
  const customer = await narrator.step('A customer is created', () =>
    operator.createCustomer({ name: script.name, plan: script.plan, rateCardId: script.rateCardId }),
  );
  const { customerId, plan } = customer;
  narrator.fact('customer', customerId);
  narrator.fact('the rate, pinned to the wallet', `¥${plan.amount} = ${plan.credits} credits`);
  const issued = await narrator.step('An API key is issued, shown this once', () =>
    operator.issueKey(customerId),
  );
  narrator.fact('key', `${issued.displayPrefix}…${issued.lastFour}`);
  const told: Told = { cast, script, client: new CustomerClient(gatewayUrl, issued.key) };

  await tellOfTopUp(told);
  await tellOfCalls(told);
  await tellOfUsage(told);
  await tellOfRefund(told);

  const entries = await entriesOf(ledger, customerId);
  narrator.chapter(`${script.name}: the journal`);
  showJournal(narrator, entries);
  const rounding = entries
    .flatMap(({ postings }) => postings)
    .find(({ debit }) => debit === 'expense:rounding');
  mustBe('the posting to expense:rounding', rounding?.amount, script.rounding);
}

interface Told {
  readonly cast: Cast;
  readonly script: Script;
  readonly client: CustomerClient;
}

async function tellOfTopUp({ cast: { narrator, payer }, script, client }: Told): Promise<void> {
  await narrator.step(`A top-up of ¥${tooLittle} is refused`, () => refusedTopUp(client));
  const topUp = await narrator.step(`A top-up of ¥${toppedUp} gives a QR code`, () => client.topUp(toppedUp));
  if (topUp.action === null) throw new StoryFailed('the top-up does not say how to pay it');
  const code = topUp.action.value;
  narrator.fact('scan with WeChat', code);
  await narrator.step('The payer scans it; the notification is verified, decrypted and settled', async () => {
    await payer.scanAndPay(code);
    await eventually(
      'the top-up is paid',
      () => client.findTopUp(topUp.id),
      ({ status }) => status === 'succeeded',
    );
  });
  const balance = await narrator.step('The balance has it', () =>
    eventually(
      'the balance after the top-up',
      () => client.balance(),
      ({ paid }) => paid === toppedUp,
    ),
  );
  mustBe('the balance in credits', balance.credits.available, script.toppedUpCredits);
  show(narrator, balance);
}

async function refusedTopUp(client: CustomerClient): Promise<void> {
  try {
    await client.topUp(tooLittle);
  } catch (error) {
    if (error instanceof Refused && error.status < 500) return;
    throw error;
  }
  throw new StoryFailed(`a top-up of ¥${tooLittle} was accepted`);
}

async function tellOfCalls(told: Told): Promise<void> {
  const { cast, script, client } = told;
  const { narrator } = cast;
  const openai = new OpenAI({ apiKey: client.key, baseURL: `${client.baseUrl}/v1` });
  const whole = await narrator.step(`${script.whole.model} answers the openai client`, () =>
    wholeCall(openai, script.whole),
  );
  showCall(narrator, script.whole, whole);
  await narrator.step('Its hold is settled', () =>
    eventually(
      'the hold of the first call',
      () => client.balance(),
      ({ held }) => held === '0',
    ),
  );
  const streamed = await narrator.step(
    `${script.streamed.model} streams, and while it does, its hold stands`,
    () => streamedCall(openai, client, script.streamed),
  );
  narrator.fact('hold → settle', `¥${streamed.held} → ¥${streamed.cost.cost}`);
  showCall(narrator, script.streamed, streamed.cost);
  const balance = await narrator.step('The balance follows', () =>
    eventually(
      'the balance after the calls',
      () => client.balance(),
      ({ available, held }) => held === '0' && available === script.left,
    ),
  );
  show(narrator, balance);
  await narrator.step('gpt-4-32k is refused as model_not_found', () => refusedModel(openai));
}

async function wholeCall(openai: OpenAI, call: Call): Promise<Cost> {
  const answer = await openai.chat.completions.create({ model: call.model, messages: [asking(call)] });
  return checkedCost(answer.usage, call);
}

/** Streams an answer and looks at the balance in the middle of it. */
async function streamedCall(
  openai: OpenAI,
  client: CustomerClient,
  call: Call,
): Promise<{ readonly cost: Cost; readonly held: string }> {
  const stream = await openai.chat.completions.create({
    model: call.model,
    messages: [asking(call, 'slow')],
    stream: true,
    stream_options: { include_usage: true },
  });
  let held = '';
  let usage: unknown;
  for await (const chunk of stream) {
    if (held === '') held = (await client.balance()).held;
    usage = chunk.usage ?? usage;
  }
  if (held === '0' || held === '') throw new StoryFailed('no hold stood while the answer was streamed');
  return { cost: checkedCost(usage, call), held };
}

const asking = ({ input, output }: Call, manner = '') => ({
  role: 'user' as const,
  content: `Summarise this article, please. (usage=${String(input)}/${String(output)} ${manner})`,
});

function checkedCost(usage: unknown, call: Call): Cost {
  const cost = Cost.parse(usage);
  mustBe(
    `the charge of ${call.model} for ${String(call.input)} + ${String(call.output)} tokens`,
    cost.cost,
    call.charge,
  );
  return cost;
}

async function refusedModel(openai: OpenAI): Promise<void> {
  try {
    await openai.chat.completions.create({
      model: 'gpt-4-32k',
      messages: [{ role: 'user', content: 'Hello.' }],
    });
  } catch (error) {
    if (error instanceof OpenAI.NotFoundError && error.code === 'model_not_found') return;
    throw error;
  }
  throw new StoryFailed('gpt-4-32k was accepted');
}

async function tellOfUsage({ cast: { narrator }, script, client }: Told): Promise<void> {
  const { whole, streamed } = script;
  const lines = await narrator.step('Both calls are on the usage page, line by line', () =>
    eventually(
      'the usage lines',
      () => client.calls(),
      ({ data }) => data.length === 2,
    ),
  );
  showLines(narrator, lines);
  for (const call of [whole, streamed]) {
    const line = lines.data.find(({ amount }) => amount.value === call.charge);
    mustBe(`the usage line of ${call.model}: credits`, line?.credits, call.credits);
    mustBe(`the usage line of ${call.model}: outcome`, line?.outcome, 'charged');
  }
  const url = `${client.baseUrl}/v1/usage`;
  const text = await curl(url, client.key);
  narrator.done('The usage page by curl');
  narrator.quote(`curl ${url} \\\n  -H "Authorization: Bearer $KEY"`);
  const page = text === undefined ? await client.usage() : UsagePage.parse(JSON.parse(text));
  const results = page.data.flatMap((bucket) => bucket.results);
  narrator.quote(JSON.stringify(results[0]));
  mustBe('the buckets with usage', results.length, 1);
  mustBe('the requests on the usage page', results[0]?.num_model_requests, 2);
  mustBe('the input tokens on the usage page', results[0]?.input_tokens, whole.input + streamed.input);
  mustBe('the output tokens on the usage page', results[0]?.output_tokens, whole.output + streamed.output);
  mustBe('the total of the usage page', results[0]?.amount.value, script.spent);
}

async function tellOfRefund({ cast: { narrator }, script, client }: Told): Promise<void> {
  const refund = await narrator.step('The rest is asked back', () => client.closeOut());
  const closed = await narrator.step('It goes back to the payment that it came from', () =>
    eventually(
      'the refund',
      () => client.findRefund(refund.id),
      ({ status }) => endings.has(status),
    ),
  );
  mustBe('the refund', closed.status, 'succeeded');
  mustBe('the amount of the refund', closed.amount, script.refunded);
  narrator.fact('left → refunded, rounded up to fen', `¥${script.left} → ¥${script.refunded}`);
  const balance = await narrator.step('The wallet is empty', () =>
    eventually(
      'the balance after the refund',
      () => client.balance(),
      ({ paid, held }) => paid === '0' && held === '0',
    ),
  );
  show(narrator, balance);
}

const endings: ReadonlySet<string> = new Set(['succeeded', 'partially_succeeded', 'failed', 'refused']);

const show = (narrator: Narrator, { available, held, credits }: Balance): void => {
  narrator.fact('available, held', `¥${available}, ¥${held}`);
  narrator.fact('in credits of the plan', credits.available);
};

const showCall = (narrator: Narrator, { input, output, credits }: Call, cost: Cost): void => {
  narrator.fact(
    'usage.cost in the answer',
    `¥${cost.cost} for ${String(input)} + ${String(output)} tokens (${credits} credits)`,
  );
};

function showLines(narrator: Narrator, { data }: CallPage): void {
  narrator.table([
    ['call', 'model', 'input', 'output', 'status', 'credits', '¥'],
    ...data.map((line) => [
      line.id,
      line.model,
      String(line.input_tokens),
      String(line.output_tokens),
      String(line.status_code),
      line.credits,
      line.amount.value,
    ]),
  ]);
}
