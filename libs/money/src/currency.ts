import { InvariantViolation } from '@app/decider';

/** A currency as data: its ISO 4217 code and how many decimals its smallest payable unit has. */
export interface Currency {
  readonly code: string;
  readonly minorUnitDigits: number;
}

/** ISO 4217 codes by the digits of their minor unit. A new currency is a new word here and nothing else. */
const codesByDigits: Readonly<Record<number, string>> = {
  0: 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF',
  2: `AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC
    CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD
    KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO
    NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL
    THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD YER ZAR ZMW`,
  3: 'BHD IQD JOD KWD LYD OMR TND',
  4: 'CLF UYW',
};

const currencies: ReadonlyMap<string, Currency> = new Map(
  Object.entries(codesByDigits).flatMap(([digits, codes]) =>
    codes.split(/\s+/).map((code) => [code, { code, minorUnitDigits: Number(digits) }] as const),
  ),
);

/** The currency of a code, or undefined where the code is unknown. Doors use this to refuse. */
export function findCurrency(code: string): Currency | undefined {
  return currencies.get(code);
}

/** Digits of the minor unit of a currency; an unknown code inside the core is an InvariantViolation. */
export function minorUnitDigitsOf(code: string): number {
  const currency = currencies.get(code);
  if (!currency) throw new InvariantViolation(`${code} is not a known currency`);
  return currency.minorUnitDigits;
}
