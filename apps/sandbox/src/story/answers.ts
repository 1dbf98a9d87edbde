import { z } from 'zod';

/** The parts of the gateway's answers that the story looks at. */
export const Customer = z.object({
  customerId: z.string(),
  plan: z.object({ code: z.string(), credits: z.string(), amount: z.string() }),
  rateCardId: z.string(),
});
export type Customer = z.infer<typeof Customer>;

export const IssuedKey = z.object({
  keyId: z.string(),
  key: z.string(),
  displayPrefix: z.string(),
  lastFour: z.string(),
});

export const Balance = z.object({
  available: z.string(),
  paid: z.string(),
  granted: z.string(),
  held: z.string(),
  credits: z.object({ available: z.string() }),
});
export type Balance = z.infer<typeof Balance>;

export const TopUp = z.object({
  id: z.string(),
  status: z.string(),
  action: z.object({ kind: z.string(), value: z.string() }).nullable(),
});

export const Refund = z.object({
  id: z.string(),
  status: z.string(),
  amount: z.string().nullable(),
  refusal_code: z.string().nullable(),
  items: z.array(z.object({ amount: z.string(), status: z.string(), top_up_id: z.string() })),
});

export const UsagePage = z.object({
  data: z.array(
    z.object({
      results: z.array(
        z.object({
          num_model_requests: z.int(),
          input_tokens: z.int(),
          output_tokens: z.int(),
          amount: z.object({ value: z.string(), currency: z.string() }),
          credits: z.string(),
        }),
      ),
    }),
  ),
});

export const CallPage = z.object({
  data: z.array(
    z.object({
      id: z.string(),
      model: z.string(),
      status_code: z.int(),
      input_tokens: z.int(),
      output_tokens: z.int(),
      amount: z.object({ value: z.string() }),
      credits: z.string(),
      outcome: z.string(),
    }),
  ),
});
export type CallPage = z.infer<typeof CallPage>;

/** What the relay adds to OpenAI's usage. */
export const Cost = z.object({ cost: z.string(), cost_currency: z.string(), price_version: z.string() });
export type Cost = z.infer<typeof Cost>;
