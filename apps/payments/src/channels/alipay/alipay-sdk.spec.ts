import { Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { AlipaySdk } from './alipay-sdk.ts';

describe('the SDK of Alipay', () => {
  it('leaves the sockets of other clients as they were', () => {
    expect(AlipaySdk).toBeDefined();
    const error = new Error('the server went away');
    const sockets = [new Socket(), new Socket()];
    for (const socket of sockets) socket.on('error', () => undefined).destroy(error);
    expect(sockets.map(({ destroyed }) => destroyed)).toEqual([true, true]);
  });
});
