export {
  type AmountLimits,
  type AmountProblem,
  amountDecimalsMax,
  integerDigitsMax,
  InvalidAmount,
  priceDecimalsMax,
  problemOfAmount,
} from './amount-text.ts';
export { type Currency, findCurrency, minorUnitDigitsOf } from './currency.ts';
export { Money, type RoundedMoney } from './money.ts';
export { type CreditsShown, type Plan, toCredits, topUpForCredits } from './plan.ts';
export { PriceUnits } from './price-units.ts';
export { type RoundedUnits, Units18 } from './units18.ts';
