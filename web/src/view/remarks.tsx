/** What happened to a device without the user's doing. */
import type { DeviceKind, State } from '../call/state.ts';
import type { App } from '../effects/app.ts';
import { t } from '../i18n/index.ts';

const KINDS: DeviceKind[] = ['mic', 'camera'];

export function DeviceRemarks({ app, state }: { app: App; state: State }) {
  const { devices } = state;
  const said = KINDS.flatMap((kind) => {
    const remark = devices.remark[kind];
    // Until another device has answered there is nothing to tell.
    return remark && devices[kind].is !== 'opening' ? [{ kind, remark }] : [];
  });
  return (
    <>
      {said.map(({ kind, remark }) => (
        <p key={kind} class="note" data-testid={`remark-${kind}`}>
          {t(`remark.${kind}.${remark}`, { device: nameOf(state, kind) })}{' '}
          <button type="button" class="text" onClick={() => app.dispatch({ event: 'remark-read', kind })}>
            {t('remark.read')}
          </button>
        </p>
      ))}
    </>
  );
}

function nameOf({ devices }: State, kind: DeviceKind): string {
  const using = devices.using[kind];
  return devices.choices[kind].find(({ id }) => id === using)?.label ?? t(`device.${kind}`);
}
