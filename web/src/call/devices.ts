/** What happens to one's own camera, microphone, speaker and shared screen. Pure; `effects/media.ts` holds the tracks. */
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
  type Remark,
  type Screen,
  type State,
} from './state.ts';

const KINDS: DeviceKind[] = ['mic', 'camera'];

/** Devices that nobody has opened yet; both are wanted. */
export function newDevices(chosen: Devices['chosen'], speaker: string | undefined): Devices {
  return {
    mic: { is: 'off' },
    camera: { is: 'off' },
    screen: { is: 'off' },
    wanted: { mic: true, camera: true },
    choices: { mic: [], camera: [] },
    chosen,
    using: { mic: undefined, camera: undefined },
    remark: { mic: undefined, camera: undefined },
    speakers: [],
    speaker,
  };
}

/** Whether a question about permission may still be open. */
export function opening(devices: Devices): boolean {
  return KINDS.some((kind) => devices[kind].is === 'opening');
}

/** Whether anything is open or about to be. */
export function isAnyOpen(devices: Devices): boolean {
  return KINDS.some((kind) => isOpen(devices[kind])) || devices.screen.is !== 'off';
}

/** Opens every device that is wanted and not open. */
export function openWanted(state: State): Next {
  const missing = KINDS.filter((kind) => state.devices.wanted[kind] && !isOpen(state.devices[kind]));
  return open(state, missing);
}

/** Closes everything, without forgetting which devices were wanted. */
export function closeAll(state: State): Next {
  const { screen } = state.devices;
  const remark = { mic: undefined, camera: undefined };
  const off = { is: 'off' } as const;
  const devices: Devices = { ...state.devices, mic: off, camera: off, screen: off, remark };
  const effects: PageEffect[] = KINDS.map((kind) => ({ effect: 'close-device', kind }));
  if (screen.is === 'on' || screen.is === 'opening') effects.push({ effect: 'close-screen' });
  return [{ ...state, devices }, effects];
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
  const off = remarked(put(want(state, kind, false), kind, { is: 'off' }), kind, undefined);
  return announce(off, [{ effect: 'close-device', kind }]);
}

/** Another camera or microphone; one that is switched off stays so, one that is open goes on until the other is. */
export function choose(state: State, event: PageEvent & { event: 'choose-device' }): Next {
  const { kind, id } = event;
  const chosen = { ...state.devices.chosen, [kind]: id };
  const next = remarked({ ...state, devices: { ...state.devices, chosen } }, kind, undefined);
  const remember: PageEffect = { effect: 'remember-device', kind, id };
  const { is } = state.devices[kind];
  if (is === 'off') return [next, [remember]];
  if (is === 'on' || is === 'muted') return [next, [remember, { effect: 'switch-device', kind, id }]];
  const [reopened, effects] = open(next, [kind]);
  return [reopened, [remember, ...effects]];
}

/** The other device is open, or is not to be had. */
export function switched(state: State, event: PageEvent & { event: 'device-switched' }): Next {
  const { kind, result, still, using } = event;
  const { is } = state.devices[kind];
  if (is !== 'on' && is !== 'muted') return [state, []];
  if (result === 'open') return [withUsing(state, { [kind]: using }), []];
  if (still) return [remarked(state, kind, 'not-switched'), []];
  return announce(put(state, kind, { is: 'unavailable', problem: result }));
}

/** The browser answered. What was closed meanwhile stays closed. */
export function settled(state: State, event: PageEvent & { event: 'device-settled' }): Next {
  let next = withUsing(state, event.using ?? {});
  const effects: PageEffect[] = [];
  for (const kind of KINDS) {
    const result: Opened | undefined = event[kind];
    if (result === undefined || next.devices[kind].is !== 'opening') continue;
    if (result !== 'open') {
      next = remarked(put(next, kind, { is: 'unavailable', problem: result }), kind, undefined);
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

/** A device went away by itself: pulled out, or taken by the system. Whatever else there is stands in for it. */
export function ended(state: State, kind: DeviceKind): Next {
  if (!isOpen(state.devices[kind])) return [state, []];
  const chosen = { ...state.devices.chosen, [kind]: undefined };
  const anyOne = { ...state, devices: { ...state.devices, chosen } };
  const [opening, effects] = open(remarked(anyOne, kind, 'stand-in'), [kind]);
  return [
    { ...opening, devices: { ...opening.devices, chosen: state.devices.chosen } },
    [{ effect: 'close-device', kind }, ...effects],
  ];
}

/** The list of what is plugged in changed; a device that was missed is opened when there is one. */
export function listed(state: State, event: PageEvent & { event: 'devices-listed' }): Next {
  const before = state.devices;
  const { choices, speakers } = event;
  const next = { ...state, devices: { ...before, choices, speakers: speakers ?? before.speakers } };
  const missed = KINDS.filter((kind) => {
    const device = before[kind];
    const missing = device.is === 'unavailable' && device.problem === 'no-device' && before.wanted[kind];
    return missing && choices[kind].length > before.choices[kind].length;
  });
  return open(next, missed);
}

/** The user has read what happened to a device. */
export function remarkRead(state: State, kind: DeviceKind): Next {
  return [remarked(state, kind, undefined), []];
}

/** Where sound comes out from now on. */
export function chooseSpeaker(state: State, id: string): Next {
  return [{ ...state, devices: { ...state.devices, speaker: id } }, [{ effect: 'remember-speaker', id }]];
}

/** The chosen way out while it is there; else the system's own, which is the empty one. */
export function speakerInUse({ speakers, speaker }: Devices): string {
  return speakers.find(({ id }) => id === speaker)?.id ?? '';
}

/** The user's switch of the shared screen. */
export function toggleScreen(state: State): Next {
  const { is } = state.devices.screen;
  if (is === 'on' || is === 'opening') return screenEnded(state);
  if (state.page.at !== 'call') return [state, []];
  return [putScreen(state, { is: 'opening' }), [{ effect: 'open-screen' }]];
}

/** The browser answered the question what to share. */
export function screenSettled(state: State, event: PageEvent & { event: 'screen-settled' }): Next {
  if (state.devices.screen.is !== 'opening') return [state, []];
  const { result } = event;
  if (result === undefined) return [putScreen(state, { is: 'off' }), []];
  if (result === 'failed') return [putScreen(state, { is: 'failed' }), []];
  return announce(putScreen(state, { is: 'on', sound: result.sound }));
}

/** No longer shared: by the user here, by the browser's own button, or because the window is gone. */
export function screenEnded(state: State): Next {
  if (state.devices.screen.is === 'off') return [state, []];
  return announce(putScreen(state, { is: 'off' }), [{ effect: 'close-screen' }]);
}

/** Tells the others, in a call, when what they know is no longer so. */
export function announce(state: State, effects: PageEffect[] = []): Next {
  const { page } = state;
  if (page.at !== 'call') return [state, effects];
  const media = mediaOf(state.devices);
  const mine = page.people.find((person) => person.id === page.you)?.media;
  const sections = ['audio', 'camera', 'screen', 'screen_audio'] as const;
  if (mine && sections.every((section) => mine[section] === media[section])) return [state, effects];
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

function putScreen(state: State, screen: Screen): State {
  return { ...state, devices: { ...state.devices, screen } };
}

function withUsing(state: State, using: Partial<Devices['using']>): State {
  return { ...state, devices: { ...state.devices, using: { ...state.devices.using, ...using } } };
}

function remarked(state: State, kind: DeviceKind, remark: Remark | undefined): State {
  return { ...state, devices: { ...state.devices, remark: { ...state.devices.remark, [kind]: remark } } };
}

function want(state: State, kind: DeviceKind, on: boolean): State {
  return { ...state, devices: { ...state.devices, wanted: { ...state.devices.wanted, [kind]: on } } };
}
