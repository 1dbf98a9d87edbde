import { createServer } from 'node:net';

const portsToTry = 200;
const given = new Set();

/** The preferred port, or the next free one. A port is given only once per run. */
export async function freePort(preferred) {
  for (let port = preferred; port < preferred + portsToTry; port += 1) {
    if (given.has(port)) continue;
    if ((await isFree(port, '127.0.0.1')) && (await isFree(port, '0.0.0.0')) && (await isFree(port, '::'))) {
      given.add(port);
      return port;
    }
  }
  throw new Error(`No free port between ${preferred} and ${preferred + portsToTry - 1}.`);
}

function isFree(port, host) {
  return new Promise((resolve) => {
    const server = createServer();
    // A machine without IPv6 cannot have the port taken there either.
    server.once('error', (error) => resolve(error.code === 'EAFNOSUPPORT' || error.code === 'EADDRNOTAVAIL'));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
