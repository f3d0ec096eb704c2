/** The calls that are over, newest first, with what was missed; each can be taken up again. */
import { useEffect, useRef } from 'preact/hooks';
import { againOf, directionOf, shown, unseen, type Direction } from '../call/history.ts';
import type { State } from '../call/state.ts';
import type { App } from '../effects/app.ts';
import { language, t, type Key } from '../i18n/index.ts';
import type { LoggedCall } from '../protocol/wire.ts';
import { Face } from './face.tsx';
import { LinkIcon, PhoneIcon } from './icons.tsx';
import { durationWords } from './words.ts';

const DIRECTIONS = {
  in: 'log.in',
  out: 'log.out',
  missed: 'log.missed-one',
  room: 'log.room',
} as const satisfies Record<Direction, Key>;

export function Calls({ app, state }: { app: App; state: State }) {
  const calls = shown(state);
  const missed = unseen(state);
  const newest = calls[0]?.began_unix_ms;
  useSeen(app, newest);
  if (calls.length === 0) return null;
  return (
    <div class="stack calls" data-testid="calls">
      <h3>
        {t('log.title')}{' '}
        {missed > 0 && (
          <span class="badge inline" data-testid="missed">
            {t('log.missed', missed)}
          </span>
        )}
      </h3>
      <ul class="rows">
        {calls.map((call) => (
          <Row key={call.id} app={app} call={call} me={state.link.guest?.user} />
        ))}
      </ul>
    </div>
  );
}

/** What was shown when the first page is left has been seen. */
function useSeen(app: App, newest_unix_ms: number | undefined): void {
  const latest = useRef(newest_unix_ms);
  latest.current = newest_unix_ms;
  useEffect(
    () => () => {
      const at_unix_ms = latest.current;
      if (at_unix_ms !== undefined) app.dispatch({ event: 'calls-seen', at_unix_ms });
    },
    [],
  );
}

function Row({ app, call, me }: { app: App; call: LoggedCall; me: string | undefined }) {
  const direction = directionOf(call, me);
  const target = againOf(call, me);
  if (!target) return null;
  const name = target.is === 'room' ? target.room : target.name || t('log.unknown');
  const label =
    target.is === 'room'
      ? t('log.rejoin', { room: name })
      : t(direction === 'missed' ? 'log.call-back' : 'log.again', { name });
  const again = () =>
    target.is === 'room'
      ? app.dispatch({ event: 'open-room', room: target.room })
      : app.dispatch({ event: 'call-user', user: target.user, name });
  const when = new Intl.DateTimeFormat(language.value, { dateStyle: 'short', timeStyle: 'short' });
  return (
    <li class="row-item" data-testid="logged-call" data-direction={direction} data-reason={call.reason}>
      <Face id={target.is === 'room' ? target.room : target.user} name={name.replaceAll('-', ' ')} />
      <span class="who">
        <bdi class={direction === 'missed' ? 'problem' : ''}>{name}</bdi>
        <span class="soft small">
          {t(DIRECTIONS[direction])} · {when.format(call.began_unix_ms)}
          {call.talk_ms >= 1000 && ` · ${durationWords(call.talk_ms, language.value)}`}
        </span>
      </span>
      <button
        type="button"
        class="round small-call"
        data-testid="call-back"
        aria-label={label}
        title={label}
        onClick={again}
      >
        {target.is === 'room' ? <LinkIcon /> : <PhoneIcon />}
      </button>
    </li>
  );
}
