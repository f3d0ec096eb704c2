/** Numbers of a connection over the last seconds, what people see of them, and the line after the call. */
import { describe, expect, test } from 'vitest';
import { levelOf, newRecord, spend, summary, Window, WINDOW_MS, worst, type Sample } from './quality.ts';

const sample = (at_ms: number, change: Partial<Sample> = {}): Sample => ({
  at_ms,
  packets_received: at_ms,
  packets_lost: 0,
  rtt_ms: 20,
  jitter_ms: 5,
  freeze_ms: 0,
  ...change,
});

describe('a window', () => {
  test('says nothing of one sample', () => {
    expect(new Window().add(sample(0))).toBeUndefined();
  });

  test('counts what was lost between its ends', () => {
    const window = new Window();
    window.add(sample(0, { packets_received: 1000, packets_lost: 500 }));
    const quality = window.add(sample(2000, { packets_received: 1090, packets_lost: 510, freeze_ms: 800 }));
    expect(quality).toEqual({ level: 'poor', loss_percent: 10, rtt_ms: 20, jitter_ms: 5, freeze_ms: 800 });
  });

  test('forgets what is older', () => {
    const window = new Window();
    window.add(sample(0));
    expect(window.add(sample(2000, { packets_lost: 100_000 }))?.level).toBe('poor');
    for (let at_ms = 4000; at_ms <= WINDOW_MS; at_ms += 2000) {
      expect(window.add(sample(at_ms, { packets_lost: 100_000 }))?.level).toBe('poor');
    }
    expect(window.add(sample(WINDOW_MS + 2000, { packets_lost: 100_000 }))?.level).toBe('good');
  });

  test('starts anew with a connection that counts from zero', () => {
    const window = new Window();
    window.add(sample(5000));
    expect(window.add(sample(7000, { packets_received: 10 }))).toBeUndefined();
    expect(window.add(sample(9000, { packets_received: 20 }))?.loss_percent).toBe(0);
  });

  test('late packets and silence are no loss', () => {
    const window = new Window();
    window.add(sample(0, { packets_received: 0, packets_lost: 7 }));
    expect(window.add(sample(2000, { packets_received: 0, packets_lost: 5 }))).toMatchObject({
      level: 'good',
      loss_percent: 0,
    });
  });
});

test.each([
  ['good', {}],
  ['good', { loss_percent: 2.9, rtt_ms: 299, jitter_ms: 49, freeze_ms: 699 }],
  ['good', { rtt_ms: undefined }],
  ['fair', { loss_percent: 3 }],
  ['fair', { rtt_ms: 300 }],
  ['fair', { jitter_ms: 50 }],
  ['fair', { freeze_ms: 700 }],
  ['poor', { loss_percent: 10 }],
  ['poor', { rtt_ms: 600 }],
  ['poor', { jitter_ms: 120 }],
  ['poor', { freeze_ms: 2500, loss_percent: 3 }],
] as const)('%s: %j', (level, numbers) => {
  expect(levelOf({ loss_percent: 0, rtt_ms: 0, jitter_ms: 0, freeze_ms: 0, ...numbers })).toBe(level);
});

test('the worst of several', () => {
  expect(worst([])).toBeUndefined();
  expect(worst(['good'])).toBe('good');
  expect(worst(['good', 'poor', 'fair'])).toBe('poor');
});

describe('after the call', () => {
  test.each([
    [
      { good: 95, fair: 5, poor: 0 },
      { level: 'good', good_percent: 95 },
    ],
    [
      { good: 80, fair: 10, poor: 10 },
      { level: 'fair', good_percent: 80 },
    ],
    [
      { good: 70, fair: 0, poor: 30 },
      { level: 'poor', good_percent: 70 },
    ],
  ] as const)('%j', (spent, quality) => {
    let record = newRecord(1000);
    for (const level of ['good', 'fair', 'poor'] as const) record = spend(record, level, spent[level]);
    expect(summary(record, 61_000)).toEqual({ duration_ms: 60_000, quality });
  });

  test('nobody else was there', () => {
    expect(summary(newRecord(0), 5)).toEqual({ duration_ms: 5, quality: undefined });
  });
});
