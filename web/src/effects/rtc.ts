/**
 * One peer connection: the only file that knows `RTCPeerConnection`. It has every media section from its first
 * description on (audio, camera, screen, screen audio, control channel), so that switching a device never
 * renegotiates. What it sees goes out through `on`; when to do what is decided elsewhere (`pair.ts`).
 */
import type { FlowCounters } from '../call/flow.ts';
import type { Sample } from '../call/quality.ts';
import { CONTROL_CHANNEL, CONTROL_CHANNEL_ID, type IceCandidate, type IceConfig } from '../protocol/wire.ts';
import {
  SECTIONS,
  readFigures,
  readFlow,
  readLevel,
  readSample,
  type RtcFigures,
  type Section,
} from './figures.ts';

/** Bytes that may wait in the control channel for a receiver that does not read; more is dropped. */
const CHANNEL_WAITING_BYTES_MAX = 4 * 1024 * 1024;

/** What one sends; null is nothing. */
export interface LocalTracks {
  audio: MediaStreamTrack | null;
  camera: MediaStreamTrack | null;
  screen: MediaStreamTrack | null;
  screenAudio: MediaStreamTrack | null;
}

/** One look at a connection's statistics. */
export interface Look {
  sample: Sample;
  flow: FlowCounters;
}

export type RtcEvent =
  | { event: 'candidate'; candidate: IceCandidate }
  /** `connected` and `completed` only with DTLS up too. */
  | { event: 'ice'; state: RTCIceConnectionState }
  | { event: 'track'; section: Section; track: MediaStreamTrack }
  | { event: 'channel-opened' }
  /** A text message of the control channel. */
  | { event: 'channel-heard'; text: string }
  /** The connection is dead although ICE does not say so. */
  | { event: 'lost' };

/** Peer connections ever made by this page, for the proof that a lost socket makes none. */
let made = 0;
export function connectionsMade(): number {
  return made;
}

export class RtcConnection {
  readonly #pc: RTCPeerConnection;
  readonly #channel: RTCDataChannel;
  readonly #on: (event: RtcEvent) => void;
  #tracks: LocalTracks;
  /** Descriptions and candidates go in one after the other, in the order they came. */
  #line: Promise<unknown> = Promise.resolve();
  #voiceAt_ms: number | undefined;
  #voice = { level: 0, measuring: false };

  constructor(ice: IceConfig, tracks: LocalTracks, on: (event: RtcEvent) => void) {
    made += 1;
    this.#on = on;
    this.#tracks = tracks;
    this.#pc = newPeerConnection(ice);
    // Both sides make the same channel, so it needs no negotiation of its own.
    this.#channel = this.#pc.createDataChannel(CONTROL_CHANNEL, { negotiated: true, id: CONTROL_CHANNEL_ID });
    this.#listen();
  }

  /** An offer, set as local description: the first, or an ICE restart. */
  makeOffer(iceRestart: boolean): Promise<string> {
    return this.#inLine(async () => {
      if (this.#pc.getTransceivers().length === 0) this.#addSections();
      const offer = await this.#pc.createOffer({ iceRestart });
      await this.#pc.setLocalDescription(offer);
      return offer.sdp ?? '';
    });
  }

  /** Sets the other side's offer and an answer to it; returns the answer. */
  applyOffer(sdp: string): Promise<string> {
    return this.#inLine(async () => {
      const first = this.#pc.remoteDescription === null;
      await this.#pc.setRemoteDescription({ type: 'offer', sdp });
      if (first) await this.#fillSections();
      const answer = await this.#pc.createAnswer();
      await this.#pc.setLocalDescription(answer);
      return answer.sdp ?? '';
    });
  }

  applyAnswer(sdp: string): Promise<void> {
    return this.#inLine(() => this.#pc.setRemoteDescription({ type: 'answer', sdp }));
  }

  addCandidate(candidate: IceCandidate): Promise<void> {
    return this.#inLine(() => this.#pc.addIceCandidate(candidate));
  }

  /** Servers for the next gathering. */
  useIce(ice: IceConfig): void {
    this.#pc.setConfiguration({ ...this.#pc.getConfiguration(), iceServers: ice.servers });
  }

  /** Sends other tracks from now on, without a new description. */
  async send(tracks: LocalTracks): Promise<void> {
    this.#tracks = tracks;
    const [audio, camera, screen, screenAudio] = this.#pc.getTransceivers();
    await audio?.sender.replaceTrack(tracks.audio);
    await camera?.sender.replaceTrack(tracks.camera);
    await screen?.sender.replaceTrack(tracks.screen);
    await screenAudio?.sender.replaceTrack(tracks.screenAudio);
  }

  /** Writes to the control channel; the answer is whether it took it. */
  write(text: string): boolean {
    const { readyState, bufferedAmount } = this.#channel;
    if (readyState !== 'open' || bufferedAmount > CHANNEL_WAITING_BYTES_MAX) return false;
    this.#channel.send(text);
    return true;
  }

  async figures(): Promise<RtcFigures> {
    const sections = new Map(this.#pc.getTransceivers().map(({ mid }, index) => [mid, SECTIONS[index]]));
    const report = await this.#pc.getStats();
    return readFigures(report, this.#pc.iceConnectionState, (mid) => sections.get(String(mid)));
  }

  /** What tells whether media flows, and the quality of the connection, now. */
  async look(at_ms: number): Promise<Look> {
    const report = await this.#pc.getStats();
    return { sample: readSample(report, at_ms), flow: readFlow(report) };
  }

  /** How loud the voice is that is played now, in [0, 1]. */
  voiceLevel(): number {
    const [source] = this.#pc.getTransceivers()[0]?.receiver.getSynchronizationSources() ?? [];
    // The last source stays in the list for seconds; the same moment read twice is silence.
    if (!source || source.timestamp === this.#voiceAt_ms) return 0;
    this.#voiceAt_ms = source.timestamp;
    if (source.audioLevel !== undefined) return source.audioLevel;
    // Whoever does not tell the level with each packet is measured as it is played.
    this.#measureVoice().catch(() => undefined);
    return this.#voice.level;
  }

  async #measureVoice(): Promise<void> {
    if (this.#voice.measuring) return;
    this.#voice.measuring = true;
    const report = await this.#pc.getTransceivers()[0]?.receiver.getStats();
    this.#voice = { level: report ? readLevel(report) : 0, measuring: false };
  }

  close(): void {
    this.#pc.close();
  }

  #listen(): void {
    const pc = this.#pc;
    pc.onicecandidate = ({ candidate }) => {
      if (candidate && candidate.candidate !== '')
        this.#on({ event: 'candidate', candidate: plain(candidate) });
    };
    pc.ontrack = ({ transceiver, track }) => {
      const section = SECTIONS[pc.getTransceivers().indexOf(transceiver)];
      if (section) this.#on({ event: 'track', section, track });
    };
    this.#channel.onopen = () => this.#on({ event: 'channel-opened' });
    this.#channel.onmessage = ({ data }) => {
      if (typeof data === 'string') this.#on({ event: 'channel-heard', text: data });
    };
    pc.oniceconnectionstatechange = () => this.#state();
    pc.onconnectionstatechange = () => this.#state();
  }

  #state(): void {
    const { connectionState, iceConnectionState: state } = this.#pc;
    const iceUp = state === 'connected' || state === 'completed';
    if (iceUp && connectionState === 'failed') this.#on({ event: 'lost' });
    else if (!iceUp || connectionState === 'connected') this.#on({ event: 'ice', state });
  }

  #addSections(): void {
    const { audio, camera, screen, screenAudio } = this.#tracks;
    this.#pc.addTransceiver(audio ?? 'audio', { direction: 'sendrecv' });
    this.#pc.addTransceiver(camera ?? 'video', { direction: 'sendrecv' });
    this.#pc.addTransceiver(screen ?? 'video', { direction: 'sendrecv' });
    this.#pc.addTransceiver(screenAudio ?? 'audio', { direction: 'sendrecv' });
    this.#preferVp8();
  }

  async #fillSections(): Promise<void> {
    for (const transceiver of this.#pc.getTransceivers()) transceiver.direction = 'sendrecv';
    this.#preferVp8();
    await this.send(this.#tracks);
  }

  /** VP8 first: the one that every side of a call has, the headless peer included. */
  #preferVp8(): void {
    const codecs = RTCRtpReceiver.getCapabilities('video')?.codecs;
    if (!codecs) return;
    const isVp8 = (codec: { mimeType: string }) => codec.mimeType.toLowerCase() === 'video/vp8';
    const sorted = [...codecs.filter(isVp8), ...codecs.filter((codec) => !isVp8(codec))];
    for (const transceiver of this.#pc.getTransceivers()) {
      if (transceiver.receiver.track.kind === 'video') transceiver.setCodecPreferences(sorted);
    }
  }

  #inLine<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#line.then(work);
    this.#line = result.catch(() => undefined);
    return result;
  }
}

/** A server address that the browser does not understand must not cost the call. */
function newPeerConnection(ice: IceConfig): RTCPeerConnection {
  try {
    return new RTCPeerConnection({ iceServers: ice.servers, bundlePolicy: 'max-bundle' });
  } catch (error) {
    console.warn('the ICE servers were not taken', error);
    return new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
  }
}

/** The candidate in the spelling of the wire, which has no nulls. */
function plain({ candidate, sdpMid, sdpMLineIndex, usernameFragment }: RTCIceCandidate): IceCandidate {
  const wire: IceCandidate = { candidate };
  if (sdpMid !== null) wire.sdpMid = sdpMid;
  if (sdpMLineIndex !== null) wire.sdpMLineIndex = sdpMLineIndex;
  if (usernameFragment !== null) wire.usernameFragment = usernameFragment;
  return wire;
}
