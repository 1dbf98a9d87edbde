import { z } from 'zod';

/** How customers page through lists. */
export const PageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(500).default(50),
  page: z.string().max(1_000).optional().describe('next_page of the page before.'),
});
export type PageQuery = z.infer<typeof PageQuery>;
