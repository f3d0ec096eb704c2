/** Whether media flows both ways, by counters. */
import { expect, test } from 'vitest';
import { Flow } from './flow.ts';

/** Looks every 2 s, with so many more packets and answers each time. */
function looked(...steps: [packets: number, answers: number][]): { flow: Flow; now_ms: number } {
  const flow = new Flow();
  const counters = { received: 100, answered: 10 };
  flow.look(0, { ...counters });
  steps.forEach(([packets, answers], at) => {
    counters.received += packets;
    counters.answered += answers;
    flow.look(2_000 * (at + 1), { ...counters });
  });
  return { flow, now_ms: 2_000 * steps.length };
}

test('nothing is known of a connection that has just begun', () => {
  const flow = new Flow();
  expect(flow.flows(0, true)).toBeUndefined();
  flow.look(0, { received: 0, answered: 0 });
  expect(flow.flows(0, true)).toBeUndefined();
  flow.look(2_000, { received: 30, answered: 0 });
  expect(flow.flows(2_000, true), 'the first answer may be on its way').toBeUndefined();
  flow.look(4_000, { received: 80, answered: 1 });
  expect(flow.flows(4_000, true)).toBe(true);
});

test('it flows while packets come and checks are answered', () => {
  const { flow, now_ms } = looked([50, 1], [50, 0], [50, 1]);
  expect(flow.flows(now_ms, true)).toBe(true);
});

test('a look without a packet ends it, answers or not', () => {
  const { flow, now_ms } = looked([50, 1], [50, 1], [50, 1], [0, 1]);
  expect(flow.flows(now_ms, true)).toBe(false);
});

test('also when it had only just begun', () => {
  const { flow } = looked();
  expect(flow.flows(0, true), 'what the first look finds came just now').toBe(true);
  flow.look(2_000, { received: 100, answered: 10 });
  expect(flow.flows(2_000, true)).toBe(false);
});

test('packets that come while nothing is answered go one way only', () => {
  const { flow, now_ms } = looked([50, 1], [50, 0], [50, 0], [50, 0], [50, 0], [50, 0]);
  expect(flow.flows(now_ms, true)).toBe(false);
});

test('of somebody who sends nothing the answers are enough', () => {
  const { flow, now_ms } = looked([0, 1], [0, 1], [0, 1], [0, 1]);
  expect(flow.flows(now_ms, false)).toBe(true);
  expect(flow.flows(now_ms, true)).toBe(false);
});

test('a new connection counts from its own beginning', () => {
  const { flow, now_ms } = looked([50, 1], [50, 1]);
  flow.look(now_ms + 2_000, { received: 3, answered: 1 });
  flow.look(now_ms + 4_000, { received: 60, answered: 2 });
  expect(flow.flows(now_ms + 4_000, true)).toBe(true);
});
