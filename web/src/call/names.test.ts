/** Names of rooms and people, good and bad; the generated ones as in the Rust test of the same name. */
import { expect, test } from 'vitest';
import { displayName, proquints, roomName, ROOM_RANDOM_BYTES } from './names.ts';

test('generated room names read well and differ in every bit', () => {
  const zeros = proquints(new Uint8Array(ROOM_RANDOM_BYTES));
  expect(zeros).toBe('babab-babab-babab-babab-babab-babab');
  expect(roomName(zeros)).toBe(zeros);
  const seen = new Set([zeros]);
  for (let bit = 0; bit < ROOM_RANDOM_BYTES * 8; bit += 1) {
    const bytes = new Uint8Array(ROOM_RANDOM_BYTES);
    bytes[bit >> 3] = 1 << (bit & 7);
    seen.add(proquints(bytes));
  }
  expect(seen.size).toBe(ROOM_RANDOM_BYTES * 8 + 1);
});

test('proquints of known bytes', () => {
  // 127.0.0.1 in the proposal's own examples.
  expect(proquints(new Uint8Array([127, 0, 0, 1]))).toBe('lusab-babad');
});

test.each([
  ['Team-Sync-42', 'team-sync-42'],
  ['  weekly meeting ', 'weekly-meeting'],
  ['https://calls.example.org/r/lusab-babad?name=Bob#x', 'lusab-babad'],
  ['/r/abc/', 'abc'],
])('room %j is %j', (text, name) => {
  expect(roomName(text)).toBe(name);
});

test.each(['', '-', 'a--b', '-a', 'a-', 'a/b', 'ü', 'a_b', 'x'.repeat(65), 'https://example.org/'])(
  'no room: %j',
  (text) => {
    expect(roomName(text)).toBeUndefined();
  },
);

test.each(['Ада', '王', '👩‍💻', '<b>bold</b>', 'x'.repeat(64)])('a name: %j', (text) => {
  expect(displayName(`  ${text} `)).toBe(text);
});

test.each(['', '   ', 'a\u0000b', 'a\nb', 'x\u202Ey', '\u200B', '\u200D', '\uFE0F\u3164', 'x'.repeat(65)])(
  'no name: %j',
  (text) => {
    expect(displayName(text)).toBeUndefined();
  },
);
