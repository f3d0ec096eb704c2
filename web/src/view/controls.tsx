/** The switches of one's own microphone and camera, and the choice between several devices. */
import type { ComponentChildren } from 'preact';
import type { Choice, DeviceKind, PageEvent, State } from '../call/state.ts';
import { t } from '../i18n/index.ts';
import { CameraIcon, MicIcon } from './icons.tsx';

type Dispatch = (event: PageEvent) => void;

interface DeviceProps {
  kind: DeviceKind;
  state: State;
  dispatch: Dispatch;
}

interface RoundButtonProps {
  name: string;
  label: string;
  children: ComponentChildren;
  onClick: () => void;
  pressed?: boolean;
  class?: string;
}

/** A round button that says in words what it does; `pressed` is for those that switch something. */
export function RoundButton({ name, label, children, onClick, pressed, class: more = '' }: RoundButtonProps) {
  return (
    <button
      type="button"
      class={`round ${more}`}
      data-testid={name}
      aria-label={label}
      title={label}
      {...(pressed !== undefined && { 'aria-pressed': pressed })}
      onClick={onClick}
    >
      {children}
    </button>
  );
}

export function DeviceSwitch({ kind, state, dispatch }: DeviceProps) {
  const { is } = state.devices[kind];
  const on = is === 'on';
  const label = t(`device.${kind}-${on ? 'on' : 'off'}`);
  const Icon = kind === 'mic' ? MicIcon : CameraIcon;
  return (
    <button
      type="button"
      class={`round ${on ? '' : 'off'} ${is === 'unavailable' ? 'trouble' : ''}`}
      data-testid={kind}
      data-state={is}
      aria-busy={is === 'opening'}
      aria-label={label}
      title={label}
      onClick={() => dispatch({ event: 'toggle', kind })}
    >
      <Icon off={!on} />
    </button>
  );
}

export function DeviceChoice({ kind, state, dispatch }: DeviceProps) {
  const { choices, chosen, using } = state.devices;
  const value = using[kind] ?? chosen[kind];
  const choose = (id: string) => dispatch({ event: 'choose-device', kind, id });
  return <Select name={kind} label={t(`device.${kind}`)} choices={choices[kind]} {...{ value, choose }} />;
}

/** Where the others are heard; nothing where the browser does not let the page choose. */
export function SpeakerChoice({ state, dispatch }: Omit<DeviceProps, 'kind'>) {
  const { speakers, speaker } = state.devices;
  const choose = (id: string) => dispatch({ event: 'choose-speaker', id });
  return (
    <Select name="speaker" label={t('device.speaker')} choices={speakers} value={speaker} choose={choose} />
  );
}

interface SelectProps {
  name: string;
  label: string;
  choices: Choice[];
  value: string | undefined;
  choose: (id: string) => void;
}

function Select({ name, label, choices, value, choose }: SelectProps) {
  if (choices.length === 0) return null;
  return (
    <label class="field">
      <span>{label}</span>
      <select
        data-testid={`choose-${name}`}
        value={choices.some(({ id }) => id === value) ? value : choices[0]?.id}
        onChange={({ currentTarget }) => choose(currentTarget.value)}
      >
        {choices.map(({ id, label: words }) => (
          <option key={id} value={id}>
            {words}
          </option>
        ))}
      </select>
    </label>
  );
}
