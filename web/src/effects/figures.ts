/** Reads a connection's statistics: counters for diagnostics, a sample for the quality shown, how loud the voice is. */
import type { FlowCounters } from '../call/flow.ts';
import type { Sample } from '../call/quality.ts';

/** The media sections, in the order of the description. */
export const SECTIONS = ['audio', 'camera', 'screen', 'screen-audio'] as const;
export type Section = (typeof SECTIONS)[number];

/** Counters that prove what flows, for tests and for people who look for a fault. */
export interface RtcFigures {
  ice: RTCIceConnectionState;
  /** Of the camera; the screen has its own. */
  frames_decoded: number;
  frames_encoded: number;
  audio_samples_received: number;
  audio_energy_received: number;
  audio_packets_sent: number;
  video_codec: string | undefined;
  screen_frames_decoded: number;
  screen_audio_energy_received: number;
}

type Entry = Readonly<Record<string, unknown>>;
/** What of an `RTCStatsReport` is needed here. */
export interface Report {
  get: (id: string) => Entry | undefined;
  forEach: (each: (entry: Entry) => void) => void;
}

/** `sectionOf` knows a section by its `mid`. */
export function readFigures(
  report: Report,
  ice: RTCIceConnectionState,
  sectionOf: (mid: unknown) => Section | undefined,
): RtcFigures {
  const figures: RtcFigures = {
    ice,
    frames_decoded: 0,
    frames_encoded: 0,
    audio_samples_received: 0,
    audio_energy_received: 0,
    audio_packets_sent: 0,
    video_codec: undefined,
    screen_frames_decoded: 0,
    screen_audio_energy_received: 0,
  };
  report.forEach((entry) => {
    const section = sectionOf(entry['mid']);
    if (entry['type'] === 'inbound-rtp') received(figures, section, entry, report);
    else if (entry['type'] === 'outbound-rtp') sent(figures, section, entry);
  });
  return figures;
}

function received(figures: RtcFigures, section: Section | undefined, entry: Entry, report: Report): void {
  switch (section) {
    case 'camera': {
      figures.frames_decoded += count(entry['framesDecoded']);
      const codec = report.get(String(entry['codecId']))?.['mimeType'];
      if (typeof codec === 'string') figures.video_codec = codec;
      return;
    }
    case 'audio':
      figures.audio_samples_received += count(entry['totalSamplesReceived']);
      figures.audio_energy_received += count(entry['totalAudioEnergy']);
      return;
    case 'screen':
      figures.screen_frames_decoded += count(entry['framesDecoded']);
      return;
    case 'screen-audio':
      figures.screen_audio_energy_received += count(entry['totalAudioEnergy']);
  }
}

function sent(figures: RtcFigures, section: Section | undefined, entry: Entry): void {
  if (section === 'camera') figures.frames_encoded += count(entry['framesEncoded']);
  else if (section === 'audio') figures.audio_packets_sent += count(entry['packetsSent']);
}

/** One moment of the connection's quality, over all that is received. */
export function readSample(report: Report, at_ms: number): Sample {
  const sample: Sample = {
    at_ms,
    packets_received: 0,
    packets_lost: 0,
    rtt_ms: undefined,
    jitter_ms: 0,
    freeze_ms: 0,
  };
  report.forEach((entry) => {
    if (entry['type'] === 'inbound-rtp') {
      sample.packets_received += count(entry['packetsReceived']);
      sample.packets_lost += count(entry['packetsLost']);
      sample.jitter_ms = Math.max(sample.jitter_ms, 1000 * count(entry['jitter']));
      sample.freeze_ms += 1000 * count(entry['totalFreezesDuration']);
    } else if (entry['type'] === 'candidate-pair' && entry['nominated'] === true) {
      const rtt = entry['currentRoundTripTime'];
      if (typeof rtt === 'number') sample.rtt_ms = 1000 * rtt;
    }
  });
  return sample;
}

/**
 * Counters that rise while media flows in, and while the other side answers: its answers prove the way there. Not every
 * browser counts the answers to ICE's checks; then it is the time of the latest report on what arrives there, and of a
 * page that sends nothing the time of the latest packet: ICE itself gives up a pair that does not answer.
 */
export function readFlow(report: Report): FlowCounters {
  let received = 0;
  let responses: number | undefined;
  let [told_ms, packet_ms] = [0, 0];
  report.forEach((entry) => {
    if (entry['type'] === 'inbound-rtp') received += count(entry['packetsReceived']);
    else if (entry['type'] === 'remote-inbound-rtp') told_ms = Math.max(told_ms, count(entry['timestamp']));
    else if (entry['type'] === 'candidate-pair') {
      const answers = entry['responsesReceived'];
      if (typeof answers === 'number') responses = (responses ?? 0) + answers;
      if (entry['nominated'] === true) packet_ms = count(entry['lastPacketReceivedTimestamp']);
    }
  });
  return { received, answered: responses ?? (told_ms || packet_ms) };
}

/** How loud what is played now is, in [0, 1]. */
export function readLevel(report: Report): number {
  let level = 0;
  report.forEach((entry) => {
    if (entry['type'] === 'inbound-rtp') level = Math.max(level, count(entry['audioLevel']));
  });
  return level;
}

function count(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}
