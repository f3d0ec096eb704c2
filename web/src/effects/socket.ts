/** One WebSocket to the hub at a time: opens, closes, turns text into frames. When to do what is `call/link.ts`. */
import { decodeHubFrame, encodeClientFrame } from '../protocol/decode.ts';
import type { Heard } from '../call/link.ts';
import { WEBSOCKET_PATH, type ClientFrame } from '../protocol/wire.ts';

/** What a socket, known by its number, tells. */
export interface SocketOut {
  opened: (socket: number) => void;
  heard: (socket: number, frame: Heard) => void;
  closed: (socket: number, code: number) => void;
}

export class HubSocket {
  readonly #out: SocketOut;
  #socket: { number: number; ws: WebSocket; listening: AbortController } | undefined;

  constructor(out: SocketOut) {
    this.#out = out;
  }

  open(number: number): void {
    this.close();
    const ws = new WebSocket(new URL(WEBSOCKET_PATH, location.href.replace(/^http/, 'ws')));
    const listening = new AbortController();
    const { signal } = listening;
    this.#socket = { number, ws, listening };
    ws.addEventListener('open', () => this.#out.opened(number), { signal });
    ws.addEventListener('close', ({ code }) => this.#out.closed(number, code), { signal });
    ws.addEventListener('message', ({ data }) => this.#message(number, data), { signal });
  }

  send(frame: ClientFrame): void {
    const ws = this.#socket?.ws;
    // One that is closing already says so by `closed`, and what matters is said again then.
    if (ws?.readyState === WebSocket.OPEN) ws.send(encodeClientFrame(frame));
  }

  close(): void {
    this.#socket?.listening.abort();
    this.#socket?.ws.close(1000);
    this.#socket = undefined;
  }

  #message(number: number, data: unknown): void {
    const frame = typeof data === 'string' ? decodeHubFrame(data) : undefined;
    if (frame) this.#out.heard(number, frame);
    if (!frame || frame.type === 'unknown') {
      console.debug('the hub said something that this page does not know');
    }
  }
}
