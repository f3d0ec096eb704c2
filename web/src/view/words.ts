/** What people read about trouble: a plain sentence and the next step. */
import type { DeviceKind, MediaProblem, Refusal, State } from '../call/state.ts';

export interface Words {
  what: string;
  next: string;
}

export function refusalWords({ code, retry_after_ms }: Refusal): Words {
  switch (code) {
    case 'room-full':
      return {
        what: 'This room is full.',
        next: 'Try again when someone has left, or start another room.',
      };
    case 'invalid-room':
      return {
        what: 'This room name cannot be used.',
        next: 'Room names are made of letters, digits and single hyphens.',
      };
    case 'invalid-name':
      return { what: 'This name cannot be used.', next: 'Choose another one and join again.' };
    case 'unsupported-protocol':
      return { what: 'This page is out of date.', next: 'Reload it to get the current one.' };
    case 'rate-limited':
      return { what: 'There were too many attempts from here.', next: waitWords(retry_after_ms) };
    case 'hub-full':
      return { what: 'The hub is full right now.', next: waitWords(retry_after_ms) };
    case 'taken-over':
      return {
        what: 'This call was taken over by another tab or device.',
        next: 'Join again to bring it back here.',
      };
    default:
      return { what: 'The hub could not let you in.', next: waitWords(retry_after_ms) };
  }
}

function waitWords(retry_after_ms: number | undefined): string {
  if (retry_after_ms === undefined) return 'Try again in a moment.';
  const seconds = Math.ceil(retry_after_ms / 1000);
  if (seconds < 90) return `Try again in ${seconds} seconds.`;
  return `Try again in ${Math.ceil(seconds / 60)} minutes.`;
}

/** Why a device does not work, and what to do about it. */
export function deviceWords(kind: DeviceKind, problem: MediaProblem): string {
  const device = kind === 'mic' ? 'microphone' : 'camera';
  switch (problem) {
    case 'denied':
      return `The browser may not use the ${device}. Allow it in the site settings beside the address.`;
    case 'busy':
      return `Another program uses the ${device}. Close it and switch the ${device} on again.`;
    case 'no-device':
      return `No ${device} was found.`;
    case 'insecure-page':
      return `Browsers give the ${device} only to pages served over HTTPS.`;
    case 'failed':
      return `The ${device} could not be opened.`;
  }
}

/** What is wrong with one's own devices, each said once. */
export function deviceTrouble({ devices }: State): string[] {
  const { mic, camera } = devices;
  if (mic.is === 'unavailable' && camera.is === 'unavailable' && mic.problem === camera.problem) {
    return [bothWords(mic.problem)];
  }
  const words: string[] = [];
  if (camera.is === 'unavailable') words.push(deviceWords('camera', camera.problem));
  if (mic.is === 'unavailable') words.push(deviceWords('mic', mic.problem));
  return words;
}

function bothWords(problem: MediaProblem): string {
  switch (problem) {
    case 'denied':
      return 'The browser may not use your camera and microphone. Allow them in the site settings beside the address.';
    case 'busy':
      return 'Another program uses your camera and microphone. Close it and switch them on again.';
    case 'no-device':
      return 'No camera or microphone was found.';
    case 'insecure-page':
      return 'Browsers give camera and microphone only to pages served over HTTPS.';
    case 'failed':
      return 'Camera and microphone could not be opened.';
  }
}

/** What to say while the hub cannot be reached or does not let this client in. */
export function linkWords(state: State): string | undefined {
  if (state.link.phase.is === 'up') return undefined;
  if (state.trouble === 'hub-full') return 'The hub is full right now. Trying again…';
  if (state.trouble === 'rate-limited') return 'The hub asked to wait. Trying again by itself…';
  if (state.page.at === 'call') return 'Reconnecting to the hub… The call goes on.';
  if (state.link.phase.is === 'waiting' && state.link.attempt === 0) {
    return 'The hub asked to wait. Trying again by itself…';
  }
  return state.link.attempt > 0 ? 'The hub cannot be reached. Trying again…' : undefined;
}

/** The tab's title. */
export function titleOf({ page }: State): string {
  switch (page.at) {
    case 'landing':
      return 'Holdfast';
    case 'lobby':
    case 'joining':
      return `Join ${page.room} · Holdfast`;
    case 'call':
      return `${page.room} (${page.people.length}) · Holdfast`;
    case 'left':
      return 'Call left · Holdfast';
    case 'refused':
      return 'Not joined · Holdfast';
  }
}
