import { lookup, type LookupAddress } from 'node:dns';
import { BlockList, isIP, isIPv4, type LookupFunction } from 'node:net';

/** Addresses that no provider on the Internet has: our own machines, networks and their metadata services. */
const forbidden = new BlockList();
const v4 = [
  ...([
    '0.0.0.0/8',
    '10.0.0.0/8',
    '100.64.0.0/10',
    '127.0.0.0/8',
    '169.254.0.0/16',
    '172.16.0.0/12',
  ] as const),
  ...(['192.0.0.0/24', '192.0.2.0/24', '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24'] as const),
  ...(['203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4'] as const),
];
const v6 = [
  ...([
    '::/128',
    '::1/128',
    '64:ff9b::/96',
    '64:ff9b:1::/48',
    '100::/64',
    '2001::/32',
    '2001:db8::/32',
  ] as const),
  ...(['2002::/16', 'fc00::/7', 'fe80::/10', 'ff00::/8'] as const),
];
for (const [list, family] of [
  [v4, 'ipv4'],
  [v6, 'ipv6'],
] as const) {
  for (const range of list) {
    const [net = '', bits = ''] = range.split('/');
    forbidden.addSubnet(net, Number(bits), family);
  }
}

/** Whether an address is one that the public Internet routes; an IPv4 address written as IPv6 is judged as what it is. */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 0) return false;
  return !forbidden.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');
}

/** A name that leads to our own networks only. */
export class NoPublicAddress extends Error {
  override readonly name = 'NoPublicAddress';

  constructor(hostname: string) {
    super(`${hostname} has no public address`);
  }
}

/**
 * Looks a name up for a connection and leaves out every address that is not public: the address that was judged is the
 * one that is connected to, so a name cannot point elsewhere in between.
 */
export const lookupPublic: LookupFunction = (hostname, options, answer) => {
  lookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
    const [first, ...rest] = (error ? [] : addresses).filter(({ address }) => isPublicAddress(address));
    if (first === undefined) answer(error ?? new NoPublicAddress(hostname), '', 0);
    else if (options.all === true) answer(null, [first, ...rest]);
    else answer(null, first.address, first.family);
  });
};
