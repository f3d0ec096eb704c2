/** The real headless peer, as its command line has it. */
import { Program, built } from './process.ts';

/** One line of `--events`. */
export interface BotEvent {
  event: string;
  at_ms: number;
  [field: string]: unknown;
}

/** A bot: in a room, or with a command of its own, as in `['answer', '--auto', '--hub', origin]`. */
export class Bot {
  readonly program: Program;

  constructor(room_url: string | string[], name: string, ...args: string[]) {
    const command = typeof room_url === 'string' ? ['join', room_url] : room_url;
    this.program = new Program(built('holdfast-peer'), [...command, '--name', name, '--events', ...args]);
  }

  /** What it reported so far. */
  get events(): BotEvent[] {
    return this.program.lines.flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as BotEvent] : []));
  }

  /** The `count`-th event of a kind, now or when it comes. */
  async until(event: string, count = 1, limit_ms = 30_000): Promise<BotEvent> {
    return this.program.until(
      `${count} × ${event}`,
      () => this.events.filter((each) => each.event === event)[count - 1],
      limit_ms,
    );
  }

  /** Media flows both ways with so many participants, by the bot's own judgement. */
  async mediaFlows(pairs: number, limit_ms = 45_000): Promise<void> {
    const flowing = (): boolean | undefined => {
      const latest = new Map(
        this.events.filter(({ event }) => event === 'media').map((each) => [each['participant'], each['flow']]),
      );
      return [...latest.values()].filter((flow) => flow === 'both').length >= pairs || undefined;
    };
    await this.program.until(`media both ways with ${pairs}`, flowing, limit_ms);
  }

  count(event: string): number {
    return this.events.filter((each) => each.event === event).length;
  }

  /** Hangs up as a user would with Ctrl-C; its exit code. */
  async leave(): Promise<number | string> {
    this.program.kill('SIGINT');
    return this.program.exit();
  }
}
