/** One's own camera, microphone and shared screen: opens, closes, changes, lists them. Which are wanted is `call/devices.ts`. */
import { signal, type ReadonlySignal } from '@preact/signals';
import { captureFor, type Capture } from '../call/capture.ts';
import type { Choice, DeviceKind, MediaProblem, Opened, PageEffect, PageEvent } from '../call/state.ts';
import { LevelMeter } from './level.ts';
import { t } from '../i18n/index.ts';
import type { LocalTracks } from './rtc.ts';
import { LocalScreen } from './screen.ts';

/** What a camera is asked for; it is fitted to the number of people once it is open. */
const CAMERA: MediaTrackConstraints = cameraOf(captureFor(0));
const MIC: MediaTrackConstraints = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

type Wish = Omit<PageEffect & { effect: 'open-devices' }, 'effect'>;

/** What the devices tell the page. */
export interface MediaOut {
  dispatch: (event: PageEvent) => void;
  tracksChanged: (tracks: LocalTracks) => void;
}

export class LocalMedia {
  readonly #out: MediaOut;
  readonly #tracks: Record<DeviceKind, MediaStreamTrack | null> = { mic: null, camera: null };
  /** Rises when a device is opened or closed; an answer for an earlier number comes too late. */
  readonly #turn: Record<DeviceKind, number> = { mic: 0, camera: 0 };
  readonly #preview = signal<MediaStream | undefined>(undefined);
  readonly #meter = new LevelMeter();
  readonly screen: LocalScreen;
  #capture = captureFor(0);

  constructor(out: MediaOut) {
    this.#out = out;
    this.screen = new LocalScreen(out.dispatch, () => out.tracksChanged(this.tracks));
    navigator.mediaDevices?.addEventListener('devicechange', () => void this.list());
  }

  get tracks(): LocalTracks {
    const { picture, sound } = this.screen;
    return { audio: this.#tracks.mic, camera: this.#tracks.camera, screen: picture, screenAudio: sound };
  }

  /** One's own picture. */
  get preview(): ReadonlySignal<MediaStream | undefined> {
    return this.#preview;
  }

  /** How loud one's own microphone is. */
  get meter(): Pick<LevelMeter, 'level' | 'loudness'> {
    return this.#meter;
  }

  async open(wish: Wish): Promise<void> {
    if (wish.mic) this.#turn.mic += 1;
    if (wish.camera) this.#turn.camera += 1;
    const turn = { ...this.#turn };
    const results = await openAll(wish);
    const using: Partial<Record<DeviceKind, string | undefined>> = {};
    const settled: PageEvent = { event: 'device-settled', using };
    for (const kind of ['mic', 'camera'] as const) {
      const result = results[kind];
      if (result === undefined) continue;
      if (turn[kind] !== this.#turn[kind]) {
        if (typeof result !== 'string') result.stop();
        continue;
      }
      if (typeof result !== 'string') {
        this.#take(kind, result);
        using[kind] = result.getSettings().deviceId;
      }
      settled[kind] = typeof result === 'string' ? result : ('open' satisfies Opened);
    }
    this.#out.dispatch(settled);
    await this.list();
  }

  /** Another device in place of the open one, which goes on until the other is there. */
  async change(kind: DeviceKind, id: string): Promise<void> {
    this.#turn[kind] += 1;
    const turn = this.#turn[kind];
    let result = await openOne(kind, id);
    if (result === 'busy' && turn === this.#turn[kind]) {
      // Some phones open only one at a time.
      this.#tracks[kind]?.stop();
      result = await openOne(kind, id);
    }
    if (turn !== this.#turn[kind]) {
      if (typeof result !== 'string') result.stop();
      return;
    }
    if (typeof result !== 'string') {
      result.enabled = this.#tracks[kind]?.enabled ?? true;
      this.#take(kind, result);
    }
    const still = this.#tracks[kind]?.readyState === 'live';
    if (!still) this.#take(kind, null);
    const using = this.#tracks[kind]?.getSettings().deviceId;
    const how: Opened = typeof result === 'string' ? result : 'open';
    this.#out.dispatch({ event: 'device-switched', kind, result: how, still, using });
  }

  close(kind: DeviceKind): void {
    this.#turn[kind] += 1;
    if (this.#tracks[kind]) this.#take(kind, null);
  }

  /** A muted microphone goes on sending packets of silence, which show that the path lives. */
  setMicSends(on: boolean): void {
    if (this.#tracks.mic) this.#tracks.mic.enabled = on;
  }

  /** How large a picture the camera takes, now and when it is opened next. */
  setCapture(capture: Capture): void {
    this.#capture = capture;
    this.#fit();
  }

  /** A camera that cannot do it goes on as it is. */
  #fit(): void {
    this.#tracks.camera?.applyConstraints(cameraOf(this.#capture)).catch(() => undefined);
  }

  async list(): Promise<void> {
    const found = await navigator.mediaDevices?.enumerateDevices().catch(() => []);
    if (!found) return;
    const of = (kind: MediaDeviceKind, word: string): Choice[] =>
      found
        .filter((device) => device.kind === kind && device.deviceId !== '')
        .map(({ deviceId, label }, index) => ({ id: deviceId, label: label || `${word} ${index + 1}` }));
    const choices = { mic: of('audioinput', t('device.mic')), camera: of('videoinput', t('device.camera')) };
    const speakers = canChooseSpeaker() ? of('audiooutput', t('device.speaker')) : [];
    this.#out.dispatch({ event: 'devices-listed', choices, speakers });
  }

  #take(kind: DeviceKind, track: MediaStreamTrack | null): void {
    this.#tracks[kind]?.stop();
    this.#tracks[kind] = track;
    track?.addEventListener('ended', () => {
      if (this.#tracks[kind] === track) this.#out.dispatch({ event: 'device-ended', kind });
    });
    if (kind === 'camera') this.#fit();
    if (kind === 'camera') this.#preview.value = track ? new MediaStream([track]) : undefined;
    if (kind === 'mic') this.#meter.listen(track);
    this.#out.tracksChanged(this.tracks);
  }
}

function cameraOf({ width_px, height_px, frames_per_s }: Capture): MediaTrackConstraints {
  return {
    width: { ideal: width_px },
    height: { ideal: height_px },
    frameRate: { ideal: frames_per_s, max: 30 },
  };
}

function canChooseSpeaker(): boolean {
  return 'setSinkId' in HTMLMediaElement.prototype;
}

/** The device of that id and no other. */
async function openOne(kind: DeviceKind, id: string): Promise<MediaStreamTrack | MediaProblem> {
  const deviceId = { exact: id };
  const constraints = kind === 'mic' ? { audio: { ...MIC, deviceId } } : { video: { ...CAMERA, deviceId } };
  try {
    const stream = await navigator.mediaDevices.getUserMedia(constraints);
    return stream.getTracks()[0] ?? 'failed';
  } catch (error) {
    return problemOf(error);
  }
}

type Results = Partial<Record<DeviceKind, MediaStreamTrack | MediaProblem>>;

/** One question for both; when that fails, each by itself, so that one broken device does not cost the other. */
async function openAll(wish: Wish): Promise<Results> {
  if (!navigator.mediaDevices) return every(wish, 'insecure-page');
  try {
    const stream = await ask(wish);
    const [mic, camera] = [stream.getAudioTracks()[0], stream.getVideoTracks()[0]];
    return { ...(mic && { mic }), ...(camera && { camera }) };
  } catch (error) {
    if (!wish.mic || !wish.camera) return every(wish, problemOf(error));
    const denied = problemOf(error) === 'denied' ? await deniedAlone() : undefined;
    // Asking again for what was just refused would open the question a second time.
    if (denied === 'both') return every(wish, 'denied');
    const mic = denied === 'mic' ? { mic: 'denied' as const } : await openAll({ mic: wish.mic });
    const camera =
      denied === 'camera' ? { camera: 'denied' as const } : await openAll({ camera: wish.camera });
    return { ...mic, ...camera };
  }
}

function ask({ mic, camera }: Wish): Promise<MediaStream> {
  const constraints: MediaStreamConstraints = {};
  // A remembered device may be gone: `ideal` takes another one then.
  if (mic) constraints.audio = { ...MIC, ...(mic.id !== undefined && { deviceId: { ideal: mic.id } }) };
  if (camera)
    constraints.video = { ...CAMERA, ...(camera.id !== undefined && { deviceId: { ideal: camera.id } }) };
  return navigator.mediaDevices.getUserMedia(constraints);
}

function every(wish: Wish, problem: MediaProblem): Results {
  return { ...(wish.mic && { mic: problem }), ...(wish.camera && { camera: problem }) };
}

/** Which of the two is blocked for good, if only one is. */
async function deniedAlone(): Promise<DeviceKind | 'both'> {
  const isDenied = async (name: string) => {
    try {
      return (await navigator.permissions.query({ name: name as PermissionName })).state === 'denied';
    } catch {
      return true;
    }
  };
  const [mic, camera] = [await isDenied('microphone'), await isDenied('camera')];
  if (mic === camera) return 'both';
  return mic ? 'mic' : 'camera';
}

function problemOf(error: unknown): MediaProblem {
  switch (error instanceof DOMException ? error.name : '') {
    case 'NotAllowedError':
    case 'SecurityError':
      return 'denied';
    case 'NotFoundError':
    case 'OverconstrainedError':
      return 'no-device';
    case 'NotReadableError':
    case 'AbortError':
      return 'busy';
    default:
      return 'failed';
  }
}
