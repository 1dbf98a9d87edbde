/** A passage of plain English prose, for what a word takes. */
export const english = [
  'The customer pays first and uses later. Every call is counted, priced and written down, and the line that shows the',
  'charge also shows how it was made. When the price changes, the change is announced before it takes effect, and a call',
  'that began before the change keeps the old price until it ends. Nobody has to trust the total, because anyone can add',
  'up the lines. If something was recorded wrongly, the entry is not erased; another entry reverses it and a third one',
  'says what is right. Money that was never used goes back to the account it came from. At the end of the day the books',
  'are closed, the sum of all debits equals the sum of all credits, and the seal of the day is published, so that a',
  'missing page would be noticed by everyone who cares to look.',
].join(' ');

/** The same in Chinese, for what a character takes. */
export const chinese = [
  '客户先付款，后使用。每一次调用都要计量、计价并记录下来，显示费用的那一行同时说明费用是怎样算出来的。',
  '价格变动之前先行公告，变动之前开始的调用在结束之前仍按原来的价格计算。',
  '谁也不必相信总数，因为任何人都可以把各行加起来核对。',
  '如果记录有误，原来的分录不会被抹去，而是由另一笔分录冲销，再由第三笔说明正确的结果。',
  '没有用完的钱退回原来的付款账户。每天结束时关账，借方合计等于贷方合计，并公布当天的封存值，',
  '这样少了任何一页，愿意查看的人都会发现。',
].join('');
