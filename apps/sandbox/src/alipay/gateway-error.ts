/** A refusal as the gateway answers it: signed, with HTTP 200. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  readonly code: string;
  readonly subCode: string;

  constructor(code: string, subCode: string, message: string) {
    super(message);
    this.code = code;
    this.subCode = subCode;
  }
}

/** The refusal of a trade: the gateway understood, the business said no. */
export const refused = (subCode: string, message: string): GatewayError =>
  new GatewayError('40004', `ACQ.${subCode}`, message);
