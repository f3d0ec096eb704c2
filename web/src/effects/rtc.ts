/**
 * One peer connection: the only file that knows `RTCPeerConnection`. It has every media section from its first
 * description on (audio, camera, screen, screen audio, control channel), so that switching a device never
 * renegotiates. What it sees goes out through `on`; when to do what is decided elsewhere (`pair.ts`).
 */
import type { IceCandidate, IceConfig } from '../protocol/wire.ts';

/** The media sections, in the order of the description. */
const SECTIONS = ['audio', 'camera', 'screen', 'screen-audio'] as const;
export type Section = (typeof SECTIONS)[number];

/** What one sends; null is nothing. */
export interface LocalTracks {
  audio: MediaStreamTrack | null;
  camera: MediaStreamTrack | null;
}

export type RtcEvent =
  | { event: 'candidate'; candidate: IceCandidate }
  /** `connected` and `completed` only with DTLS up too. */
  | { event: 'ice'; state: RTCIceConnectionState }
  | { event: 'track'; section: Section; track: MediaStreamTrack }
  /** The connection is dead although ICE does not say so. */
  | { event: 'lost' };

/** Counters that prove what flows, for tests and for people who look for a fault. */
export interface RtcFigures {
  ice: RTCIceConnectionState;
  frames_decoded: number;
  frames_encoded: number;
  audio_samples_received: number;
  audio_energy_received: number;
  audio_packets_sent: number;
  video_codec: string | undefined;
}

/** Peer connections ever made by this page, for the proof that a lost socket makes none. */
let made = 0;
export function connectionsMade(): number {
  return made;
}

export class RtcConnection {
  readonly #pc: RTCPeerConnection;
  readonly #on: (event: RtcEvent) => void;
  #tracks: LocalTracks;
  /** Descriptions and candidates go in one after the other, in the order they came. */
  #line: Promise<unknown> = Promise.resolve();

  constructor(ice: IceConfig, tracks: LocalTracks, on: (event: RtcEvent) => void) {
    made += 1;
    this.#on = on;
    this.#tracks = tracks;
    this.#pc = newPeerConnection(ice);
    // Both sides make the same channel, so it needs no negotiation of its own.
    this.#pc.createDataChannel('holdfast-control', { negotiated: true, id: 0 });
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
    const [audio, camera] = this.#pc.getTransceivers();
    await audio?.sender.replaceTrack(tracks.audio);
    await camera?.sender.replaceTrack(tracks.camera);
  }

  async figures(): Promise<RtcFigures> {
    const figures: RtcFigures = {
      ice: this.#pc.iceConnectionState,
      frames_decoded: 0,
      frames_encoded: 0,
      audio_samples_received: 0,
      audio_energy_received: 0,
      audio_packets_sent: 0,
      video_codec: undefined,
    };
    const report = await this.#pc.getStats();
    report.forEach((entry: Record<string, unknown>) => {
      const { type, kind } = entry;
      if (type === 'inbound-rtp' && kind === 'video') {
        figures.frames_decoded += count(entry['framesDecoded']);
        const codec: unknown = report.get(String(entry['codecId']))?.mimeType;
        if (typeof codec === 'string') figures.video_codec = codec;
      } else if (type === 'inbound-rtp' && kind === 'audio') {
        figures.audio_samples_received += count(entry['totalSamplesReceived']);
        figures.audio_energy_received += count(entry['totalAudioEnergy']);
      } else if (type === 'outbound-rtp' && kind === 'video') {
        figures.frames_encoded += count(entry['framesEncoded']);
      } else if (type === 'outbound-rtp' && kind === 'audio') {
        figures.audio_packets_sent += count(entry['packetsSent']);
      }
    });
    return figures;
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
    const { audio, camera } = this.#tracks;
    this.#pc.addTransceiver(audio ?? 'audio', { direction: 'sendrecv' });
    this.#pc.addTransceiver(camera ?? 'video', { direction: 'sendrecv' });
    this.#pc.addTransceiver('video', { direction: 'sendrecv' });
    this.#pc.addTransceiver('audio', { direction: 'sendrecv' });
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

function count(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}
