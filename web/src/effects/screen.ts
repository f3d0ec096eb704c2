/** One's own screen while it is shared: opens it, closes it, notices when the browser ends it. */
import type { PageEvent } from '../call/state.ts';

/** Text must stay sharp, and a mesh sends one copy to each of the others: rather few frames than few pixels. */
const PICTURE: MediaTrackConstraints = {
  width: { max: 1920 },
  height: { max: 1080 },
  frameRate: { ideal: 15, max: 30 },
};
/** What is shared is music or a film, not a voice in a room. */
const SOUND: MediaTrackConstraints = {
  echoCancellation: false,
  noiseSuppression: false,
  autoGainControl: false,
};

/** Whether this browser can share a screen at all; phones mostly cannot. */
export function canShareScreen(): boolean {
  return typeof navigator.mediaDevices?.getDisplayMedia === 'function';
}

export class LocalScreen {
  readonly #dispatch: (event: PageEvent) => void;
  readonly #changed: () => void;
  #stream: MediaStream | undefined;
  /** Rises when the screen is opened or closed; an answer for an earlier number comes too late. */
  #turn = 0;

  constructor(dispatch: (event: PageEvent) => void, changed: () => void) {
    this.#dispatch = dispatch;
    this.#changed = changed;
  }

  get picture(): MediaStreamTrack | null {
    return this.#stream?.getVideoTracks()[0] ?? null;
  }

  get sound(): MediaStreamTrack | null {
    return this.#stream?.getAudioTracks()[0] ?? null;
  }

  async open(): Promise<void> {
    this.#turn += 1;
    const turn = this.#turn;
    try {
      const stream = await navigator.mediaDevices.getDisplayMedia({ video: PICTURE, audio: SOUND });
      if (turn !== this.#turn) return stop(stream);
      this.#take(stream);
      this.#dispatch({ event: 'screen-settled', result: { sound: stream.getAudioTracks().length > 0 } });
    } catch (error) {
      if (turn !== this.#turn) return;
      const refused = error instanceof DOMException && error.name === 'NotAllowedError';
      this.#dispatch({ event: 'screen-settled', result: refused ? undefined : 'failed' });
    }
  }

  close(): void {
    this.#turn += 1;
    if (!this.#stream) return;
    stop(this.#stream);
    this.#stream = undefined;
    this.#changed();
  }

  #take(stream: MediaStream): void {
    if (this.#stream) stop(this.#stream);
    this.#stream = stream;
    const [picture] = stream.getVideoTracks();
    if (picture) picture.contentHint = 'detail';
    picture?.addEventListener('ended', () => {
      if (this.#stream === stream) this.#dispatch({ event: 'screen-ended' });
    });
    this.#changed();
  }
}

function stop(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}
