/** What happens to one's own camera and microphone. Pure; `effects/media.ts` holds the tracks. */
import { say } from './link.ts';
import { change } from './roster.ts';
import {
  mediaOf,
  type Device,
  type DeviceKind,
  type Devices,
  type Next,
  type Opened,
  type PageEffect,
  type PageEvent,
  type State,
} from './state.ts';

const KINDS: DeviceKind[] = ['mic', 'camera'];

/** Devices that nobody has opened yet; both are wanted. */
export function newDevices(chosen: Devices['chosen']): Devices {
  return {
    mic: { is: 'off' },
    camera: { is: 'off' },
    wanted: { mic: true, camera: true },
    choices: { mic: [], camera: [] },
    chosen,
  };
}

/** Whether a question about permission may still be open. */
export function opening(devices: Devices): boolean {
  return KINDS.some((kind) => devices[kind].is === 'opening');
}

/** Opens every device that is wanted and not open. */
export function openWanted(state: State): Next {
  const missing = KINDS.filter((kind) => state.devices.wanted[kind] && !isOpen(state.devices[kind]));
  return open(state, missing);
}

/** Closes both, without forgetting which were wanted. */
export function closeAll(state: State): Next {
  const devices: Devices = { ...state.devices, mic: { is: 'off' }, camera: { is: 'off' } };
  return [{ ...state, devices }, KINDS.map((kind) => ({ effect: 'close-device', kind }))];
}

/** The user's switch. */
export function toggle(state: State, kind: DeviceKind): Next {
  const { is } = state.devices[kind];
  if (is === 'off' || is === 'unavailable') return open(want(state, kind, true), [kind]);
  if (is === 'muted') {
    return announce(put(want(state, kind, true), kind, { is: 'on' }), [{ effect: 'mic-sends', on: true }]);
  }
  if (is === 'on' && kind === 'mic') {
    return announce(put(want(state, kind, false), kind, { is: 'muted' }), [
      { effect: 'mic-sends', on: false },
    ]);
  }
  return announce(put(want(state, kind, false), kind, { is: 'off' }), [{ effect: 'close-device', kind }]);
}

/** Another camera or microphone; one that is switched off stays so. */
export function choose(state: State, event: PageEvent & { event: 'choose-device' }): Next {
  const { kind, id } = event;
  const chosen = { ...state.devices.chosen, [kind]: id };
  const next = { ...state, devices: { ...state.devices, chosen } };
  const remember: PageEffect = { effect: 'remember-device', kind, id };
  if (state.devices[kind].is === 'off') return [next, [remember]];
  const [reopened, effects] = open(next, [kind]);
  return [reopened, [remember, ...effects]];
}

/** The browser answered. What was closed meanwhile stays closed. */
export function settled(state: State, event: PageEvent & { event: 'device-settled' }): Next {
  let next = state;
  const effects: PageEffect[] = [];
  for (const kind of KINDS) {
    const result: Opened | undefined = event[kind];
    if (result === undefined || next.devices[kind].is !== 'opening') continue;
    if (result !== 'open') {
      next = put(next, kind, { is: 'unavailable', problem: result });
    } else if (kind === 'mic') {
      const on = next.devices.wanted.mic;
      next = put(next, kind, { is: on ? 'on' : 'muted' });
      effects.push({ effect: 'mic-sends', on });
    } else {
      next = put(next, kind, { is: 'on' });
    }
  }
  return announce(next, effects);
}

/** A device went away by itself: pulled out, or taken by the system. */
export function ended(state: State, kind: DeviceKind): Next {
  if (!isOpen(state.devices[kind])) return [state, []];
  return announce(put(state, kind, { is: 'unavailable', problem: 'no-device' }), [
    { effect: 'close-device', kind },
  ]);
}

/** Tells the others, in a call, when what they know is no longer so. */
export function announce(state: State, effects: PageEffect[] = []): Next {
  const { page } = state;
  if (page.at !== 'call') return [state, effects];
  const media = mediaOf(state.devices);
  const mine = page.people.find((person) => person.id === page.you)?.media;
  if (mine?.audio === media.audio && mine.camera === media.camera) return [state, effects];
  const [link, saying] = say(state.link, { type: 'media-state', call: page.call, media });
  const people = change(page.people, page.you, { media });
  return [{ ...state, link, page: { ...page, people } }, [...effects, ...saying]];
}

function open(state: State, kinds: DeviceKind[]): Next {
  if (kinds.length === 0) return [state, []];
  let next = state;
  const effect: PageEffect = { effect: 'open-devices' };
  for (const kind of kinds) {
    next = put(next, kind, { is: 'opening' });
    effect[kind] = { id: state.devices.chosen[kind] };
  }
  return announce(next, [effect]);
}

function isOpen(device: Device): boolean {
  return device.is === 'on' || device.is === 'muted' || device.is === 'opening';
}

function put(state: State, kind: DeviceKind, device: Device): State {
  return { ...state, devices: { ...state.devices, [kind]: device } };
}

function want(state: State, kind: DeviceKind, on: boolean): State {
  return { ...state, devices: { ...state.devices, wanted: { ...state.devices.wanted, [kind]: on } } };
}
