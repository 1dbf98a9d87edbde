/** The services whose own routes are reached through the gateway. */
export const forwardedServices = ['ledger', 'metering', 'payments'] as const;
export type ForwardedService = (typeof forwardedServices)[number];

/** Where a request to `/api/<service>/<path>` goes, or undefined where the address is no plain path of that service. */
export function forwardedTo(
  url: string,
): { readonly service: ForwardedService; readonly path: string } | undefined {
  const [, name, path = ''] =
    /^\/api\/([a-z]+)(\/[A-Za-z0-9._~:@!$'()*+,;=%&/-]*(?:\?[\x21-\x7e]*)?)$/.exec(url) ?? [];
  const service = forwardedServices.find((known) => known === name);
  if (service === undefined || !isPlain(path) || !isOpen.test(path)) return undefined;
  return { service, path };
}

/** A service's own routes and their description. Its probes, its figures and what providers tell it are nobody's here. */
const isOpen = /^\/(?:v1|docs|docs-json)(?:[/?]|$)/;

/** No step up and no hidden slash: what the other service reads is what was looked at here. */
const isPlain = (path: string): boolean => {
  const [route = ''] = path.split('?');
  return (
    !/%2f|%5c|%2e|\/\/|\\|%00/i.test(route) && !route.split('/').some((step) => step === '.' || step === '..')
  );
};
