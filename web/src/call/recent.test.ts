/** Recent rooms: the latest first, each once, never more than fit, remembered when a call is entered. */
import { expect, test } from 'vitest';
import { Core, ROOM } from './fixtures.ts';
import { RECENT_ROOMS_MAX, visited } from './recent.ts';

test('the latest is first, once, and the oldest goes', () => {
  const rooms = Array.from({ length: RECENT_ROOMS_MAX }, (_, at) => `room-${at}`);
  expect(visited(rooms, 'room-3')).toEqual(['room-3', ...rooms.filter((room) => room !== 'room-3')]);
  expect(visited(rooms, 'new')).toEqual(['new', ...rooms.slice(0, -1)]);
});

test('a room is remembered when its call is entered, and can be forgotten', () => {
  const core = new Core();
  core.feed({ event: 'open-room', room: 'other' }).feed({ event: 'go-home' });
  expect(core.state.recent).toEqual([]);
  core.inCall();
  expect(core.effects).toContainEqual({ effect: 'remember-rooms', recent: [ROOM] });
  core.feed({ event: 'leave' }).feed({ event: 'forget-room', room: ROOM });
  expect(core.effects).toEqual([{ effect: 'remember-rooms', recent: [] }]);
});
