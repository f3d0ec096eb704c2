/** The statistics of a connection, as a browser reports them. */
import { describe, expect, test } from 'vitest';
import { readFigures, readFlow, readLevel, readSample, SECTIONS, type Report } from './figures.ts';

const REPORT: Report = new Map<string, Record<string, unknown>>([
  [
    'A',
    {
      type: 'inbound-rtp',
      mid: '0',
      totalSamplesReceived: 960,
      totalAudioEnergy: 0.5,
      audioLevel: 0.3,
      packetsReceived: 50,
    },
  ],
  [
    'B',
    {
      type: 'inbound-rtp',
      mid: '1',
      codecId: 'E',
      framesDecoded: 7,
      packetsReceived: 40,
      packetsLost: 4,
      jitter: 0.012,
      totalFreezesDuration: 0.25,
    },
  ],
  ['C', { type: 'inbound-rtp', mid: '2', framesDecoded: 3, jitter: 0.003, packetsLost: -1 }],
  ['D', { type: 'inbound-rtp', mid: '3', totalAudioEnergy: 0.125 }],
  ['E', { type: 'codec', mimeType: 'video/VP8' }],
  ['F', { type: 'outbound-rtp', mid: '0', packetsSent: 11 }],
  ['G', { type: 'outbound-rtp', mid: '1', framesEncoded: 12 }],
  ['H', { type: 'outbound-rtp', mid: '2', framesEncoded: 100 }],
  ['I', { type: 'candidate-pair', nominated: true, currentRoundTripTime: 0.04 }],
  ['J', { type: 'candidate-pair', nominated: false, currentRoundTripTime: 9 }],
]);

test('camera and screen are counted apart', () => {
  expect(readFigures(REPORT, 'connected', (mid) => SECTIONS[Number(mid)])).toEqual({
    ice: 'connected',
    frames_decoded: 7,
    frames_encoded: 12,
    audio_samples_received: 960,
    audio_energy_received: 0.5,
    audio_packets_sent: 11,
    video_codec: 'video/VP8',
    screen_frames_decoded: 3,
    screen_audio_energy_received: 0.125,
  });
});

test('a sample is over everything received', () => {
  expect(readSample(REPORT, 5)).toEqual({
    at_ms: 5,
    packets_received: 90,
    packets_lost: 3,
    rtt_ms: 40,
    jitter_ms: 12,
    freeze_ms: 250,
  });
});

test('the level is that of what is received', () => {
  expect([readLevel(REPORT), readLevel(new Map())]).toEqual([0.3, 0]);
});

test('a report without anything is zeros', () => {
  expect(readSample(new Map(), 0)).toEqual({
    at_ms: 0,
    packets_received: 0,
    packets_lost: 0,
    rtt_ms: undefined,
    jitter_ms: 0,
    freeze_ms: 0,
  });
});

describe('answers that prove the way there', () => {
  const inbound = { type: 'inbound-rtp', packetsReceived: 5 };
  const pair = (more: Record<string, unknown>) => ({ type: 'candidate-pair', nominated: true, ...more });
  const told = (timestamp: number) => ({ type: 'remote-inbound-rtp', timestamp });
  const answered = (...entries: Record<string, unknown>[]) =>
    readFlow(new Map([inbound, ...entries].map((entry, at) => [`${at}`, entry]))).answered;

  test('are those to checks, over all pairs', () => {
    const pairs = [pair({ responsesReceived: 3 }), pair({ responsesReceived: 4, nominated: false })];
    expect(answered(...pairs, told(9_000))).toBe(7);
    expect(answered(pair({ responsesReceived: 0 }), told(9_000)), 'none so far').toBe(0);
  });

  test('or the latest report of what arrives there, where a browser does not count checks', () => {
    const silent = pair({ lastPacketReceivedTimestamp: 9_900 });
    expect(answered(silent, told(9_000), told(9_500), told(9_200))).toBe(9_500);
  });

  test('or, of a page that sends nothing, whatever came last on the pair in use', () => {
    const other = pair({ nominated: false, lastPacketReceivedTimestamp: 9_950 });
    expect(answered(pair({ lastPacketReceivedTimestamp: 9_900 }), other)).toBe(9_900);
    expect(answered(pair({}))).toBe(0);
  });
});
