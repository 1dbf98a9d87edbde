/** The platform book of what channels and banks do in one currency: suspense, fees that name no customer, settlements. */
export const channelBookOf = (currency: string): string => `platform:channels-${currency.toLowerCase()}:0`;

/** The platform book of what we owe and pay to upstreams in one currency. */
export const upstreamBookOf = (currency: string): string => `platform:upstreams-${currency.toLowerCase()}:0`;
