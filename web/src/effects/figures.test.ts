/** The statistics of a connection, as a browser reports them. */
import { expect, test } from 'vitest';
import { readFigures, readLevel, readSample, SECTIONS, type Report } from './figures.ts';

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
