import { type ChildProcess, spawn } from 'node:child_process';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { eventually } from './payments-process.ts';

/** What `nest build` made of the service. */
export const program = join(import.meta.dirname, '../../../dist/apps/payments/src/main.js');

/** Payments as a process of its own, which can be ended as a crash would. */
export class PaymentsChild {
  private child: ChildProcess | undefined;

  constructor(private readonly environment: Readonly<Record<string, string>>) {}

  /** Starts it and waits until it is ready. */
  async start(): Promise<void> {
    const env = { PATH: process.env['PATH'], LOG_LEVEL: 'error', ...this.environment };
    const flags = ['--disable-warning=TimeoutNegativeWarning', program];
    this.child = spawn(process.execPath, flags, { env, stdio: 'inherit' });
    const url = `http://127.0.0.1:${this.environment['PAYMENTS_HTTP_PORT'] ?? ''}/readyz`;
    await eventually(async () => {
      const answer = await fetch(url).catch(() => undefined);
      return answer?.ok === true ? true : undefined;
    }, 30);
  }

  async kill(): Promise<void> {
    const gone = new Promise((resolve) => this.child?.once('exit', resolve));
    this.child?.kill('SIGKILL');
    await gone;
  }
}

/** A wire to a server that can be cut: to whoever uses it, the server is down. */
export class CutWire {
  private isCut = false;
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly server: Server) {}

  static async to(target: { readonly host: string; readonly port: number }): Promise<CutWire> {
    const server = createServer();
    const wire = new CutWire(server);
    server.on('connection', (socket) => {
      if (wire.isCut) socket.destroy();
      else wire.join(socket, connect(target.port, target.host));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return wire;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  cut(): void {
    this.isCut = true;
    for (const socket of this.sockets) socket.destroy();
  }

  mend(): void {
    this.isCut = false;
  }

  close(): void {
    this.cut();
    this.server.close();
  }

  private join(one: Socket, other: Socket): void {
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const) {
      this.sockets.add(from);
      from.pipe(to);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.sockets.delete(from);
        to.destroy();
      });
    }
  }
}
