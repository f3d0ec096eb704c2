/** The switches of one's own microphone and camera, and the choice between several. */
import type { DeviceKind, PageEvent, State } from '../call/state.ts';
import { CameraIcon, MicIcon } from './icons.tsx';

type Dispatch = (event: PageEvent) => void;

const WORDS = {
  mic: { name: 'Microphone', on: 'Mute the microphone', off: 'Unmute the microphone' },
  camera: { name: 'Camera', on: 'Switch the camera off', off: 'Switch the camera on' },
};

export function DeviceSwitch({
  kind,
  state,
  dispatch,
}: {
  kind: DeviceKind;
  state: State;
  dispatch: Dispatch;
}) {
  const { is } = state.devices[kind];
  const on = is === 'on';
  const label = on ? WORDS[kind].on : WORDS[kind].off;
  const Icon = kind === 'mic' ? MicIcon : CameraIcon;
  return (
    <button
      type="button"
      class={`round ${on ? '' : 'off'}`}
      data-testid={kind}
      data-state={is}
      aria-pressed={on}
      aria-busy={is === 'opening'}
      aria-label={label}
      title={label}
      onClick={() => dispatch({ event: 'toggle', kind })}
    >
      <Icon off={!on} />
    </button>
  );
}

export function DeviceChoice({
  kind,
  state,
  dispatch,
}: {
  kind: DeviceKind;
  state: State;
  dispatch: Dispatch;
}) {
  const choices = state.devices.choices[kind];
  if (choices.length === 0) return null;
  const chosen = state.devices.chosen[kind];
  return (
    <label class="field">
      <span>{WORDS[kind].name}</span>
      <select
        value={choices.some(({ id }) => id === chosen) ? chosen : choices[0]?.id}
        onChange={({ currentTarget }) => dispatch({ event: 'choose-device', kind, id: currentTarget.value })}
      >
        {choices.map(({ id, label }) => (
          <option key={id} value={id}>
            {label}
          </option>
        ))}
      </select>
    </label>
  );
}
