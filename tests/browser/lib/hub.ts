/** The real hub, on a free port of the loopback interface. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Program, built } from './process.ts';

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A hub that can be killed and started again on the same port and data. */
export class Hub {
  readonly port: number;
  readonly #data = mkdtempSync(join(tmpdir(), 'holdfast-hub-'));
  readonly #args: string[];
  #program: Program | undefined;

  private constructor(port: number, args: string[]) {
    this.port = port;
    this.#args = args;
  }

  static async start(...args: string[]): Promise<Hub> {
    const hub = new Hub(await freePort(), args);
    await hub.restart();
    return hub;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** What it printed. */
  get lines(): string[] {
    return this.#program?.lines ?? [];
  }

  /** Starts it and waits until it answers. */
  async restart(): Promise<void> {
    const args = ['--listen', `127.0.0.1:${this.port}`, '--data-dir', this.#data, ...this.#args];
    this.#program = new Program(built('holdfast-server'), args);
    await this.#program.until('the address to open', (lines) => lines.find((line) => line.includes('/r/')));
    const ready = await fetch(`${this.origin}/readyz`);
    if (!ready.ok) throw new Error(`/readyz answers ${ready.status}`);
  }

  /** Ends it without a word to its clients. */
  async kill(): Promise<void> {
    this.#program?.kill('SIGKILL');
    await this.#program?.exit();
  }

  async close(): Promise<void> {
    await this.kill();
    rmSync(this.#data, { recursive: true, force: true });
  }
}
