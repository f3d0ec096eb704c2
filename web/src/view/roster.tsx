/** Who is in the room's call, with the way to call one of them alone; and the host's way to end it for everyone. */
import { isAway } from '../call/roster.ts';
import type { Person } from '../call/state.ts';
import type { App } from '../effects/app.ts';
import { t } from '../i18n/index.ts';
import type { CallPage } from './call.tsx';
import { Dialog } from './dialog.tsx';
import { Face } from './face.tsx';
import { PhoneIcon } from './icons.tsx';

export function Roster({ app, page, onClose }: { app: App; page: CallPage; onClose: () => void }) {
  const own = page.people.find(({ id }) => id === page.you)?.user;
  return (
    <Dialog title={t('call.roster')} name="roster" onClose={onClose}>
      <ul class="rows">
        {page.people.map((person) => (
          <Row
            key={person.id}
            person={person}
            self={person.id === page.you}
            // Another device of one's own cannot be called.
            call={
              person.user === own
                ? undefined
                : () => app.dispatch({ event: 'call-user', user: person.user, name: person.name })
            }
          />
        ))}
      </ul>
    </Dialog>
  );
}

function Row({ person, self, call }: { person: Person; self: boolean; call: (() => void) | undefined }) {
  const { id, name, role } = person;
  const label = t('call.apart', { name });
  const marks = [role === 'host' && t('call.host'), isAway(person) && t('tile.away')].filter(Boolean);
  return (
    <li class="row-item" data-testid="roster-person">
      <Face id={id} name={name} />
      <span class="who">
        <bdi>{self ? t('tile.you', { name }) : name}</bdi>
        {marks.length > 0 && <span class="soft small">{marks.join(' · ')}</span>}
      </span>
      {call && (
        <button
          type="button"
          class="round small-call"
          data-testid="call-apart"
          aria-label={label}
          title={label}
          onClick={call}
        >
          <PhoneIcon />
        </button>
      )}
    </li>
  );
}

/** Asked once more: it cannot be taken back. */
export function EndAll({ app, onClose }: { app: App; onClose: () => void }) {
  return (
    <Dialog title={t('call.end-all')} name="end-all" onClose={onClose}>
      <p>{t('call.end-all-ask')}</p>
      <div class="answers">
        <button
          type="button"
          class="button danger"
          data-testid="end-all-yes"
          onClick={() => app.dispatch({ event: 'end-for-all' })}
        >
          {t('call.end-all-yes')}
        </button>
        <button type="button" class="button" data-testid="end-all-no" onClick={onClose}>
          {t('call.end-all-no')}
        </button>
      </div>
    </Dialog>
  );
}
