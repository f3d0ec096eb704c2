/** Programs under test: started with their output read line by line, ended with the test. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** The path of a program that `cargo build` made, in the profile that `HOLDFAST_PROFILE` names. */
export function built(name: string): string {
  const path = `${process.env['CARGO_TARGET_DIR'] ?? `${ROOT}target`}/${process.env['HOLDFAST_PROFILE'] ?? 'debug'}/${name}`;
  if (!existsSync(path)) throw new Error(`${path} is missing: cargo build`);
  return path;
}

/** A running program. */
export class Program {
  /** Everything it printed, errors included. */
  readonly lines: string[] = [];
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #exit: Promise<number | string>;
  readonly #watchers = new Set<() => void>();
  #over: number | string | undefined;

  constructor(path: string, args: string[], env: Record<string, string> = {}) {
    this.#name = `${path.split('/').pop()} ${args.join(' ')}`;
    this.#child = spawn(path, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) {
      createInterface({ input: stream }).on('line', (line) => {
        this.lines.push(line);
        this.#tell();
      });
    }
    this.#exit = new Promise((resolve, reject) => {
      this.#child.on('error', reject);
      this.#child.on('close', (code, signal) => {
        this.#over = code ?? signal ?? 'unknown';
        this.#tell();
        resolve(this.#over);
      });
    });
  }

  #tell(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }

  /** The first value that `find` makes of the lines so far, now or when more come. */
  async until<T>(what: string, find: (lines: string[]) => T | undefined, limit_ms = 30_000): Promise<T> {
    return new Promise((resolve, reject) => {
      const done = (settle: () => void): void => {
        clearTimeout(timer);
        this.#watchers.delete(look);
        settle();
      };
      const look = (): void => {
        const found = find(this.lines);
        if (found !== undefined) done(() => resolve(found));
        else if (this.#over !== undefined) done(() => reject(this.#error(`ended (${this.#over}) before: ${what}`)));
      };
      const timer = setTimeout(() => done(() => reject(this.#error(`not within ${limit_ms} ms: ${what}`))), limit_ms);
      this.#watchers.add(look);
      look();
    });
  }

  #error(text: string): Error {
    return new Error(`${this.#name}: ${text}\n${this.lines.slice(-40).join('\n')}`);
  }

  /** Its exit code, or the signal that ended it. */
  async exit(limit_ms = 60_000): Promise<number | string> {
    await this.until('its end', () => this.#over, limit_ms).catch((error: unknown) => {
      if (this.#over === undefined) throw error;
    });
    return this.#exit;
  }

  /** Sends a signal; SIGKILL ends it without a word to anyone. */
  kill(signal: 'SIGTERM' | 'SIGKILL' | 'SIGINT' = 'SIGKILL'): void {
    this.#child.kill(signal);
  }
}
