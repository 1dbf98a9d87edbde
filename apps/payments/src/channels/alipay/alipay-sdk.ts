import { Socket } from 'node:net';

// The SDK's HTTP client puts its own `destroy` on every socket of the process, and that one throws where one error
// ends two sockets, so that any other client's shutdown would fail. What was there before is put back.
const own = Object.getOwnPropertyDescriptor(Socket.prototype, 'destroy');
const { AlipaySdk } = await import('alipay-sdk');
if (own) Object.defineProperty(Socket.prototype, 'destroy', own);
else Reflect.deleteProperty(Socket.prototype, 'destroy');

export { AlipaySdk };
