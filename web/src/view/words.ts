/** What people read about trouble: a plain sentence and the next step. The words are in `i18n/`. */
import { targetOf, type Page, type Refusal, type State, type Target } from '../call/state.ts';
import type { TabIcon } from '../effects/display.ts';
import { t } from '../i18n/index.ts';

export interface Words {
  what: string;
  next: string;
}

/** How people name what a call is with. */
export function nameOf(target: Target | undefined): string {
  return target?.is === 'room' ? target.room : (target?.name ?? '');
}

export function refusalWords({ code, retry_after_ms }: Refusal, target?: Target): Words {
  const name = nameOf(target);
  switch (code) {
    case 'busy':
    case 'user-offline':
      return { what: t(`refused.${code}`, { name }), next: t('refused.missed-next', { name }) };
    case 'moved':
    case 'in-direct-call':
    case 'calls-yourself':
    case 'room-full':
    case 'invalid-room':
    case 'invalid-name':
    case 'unsupported-protocol':
    case 'taken-over':
      return { what: t(`refused.${code}`), next: t(`refused.${code}-next`) };
    case 'rate-limited':
    case 'hub-full':
    case 'address-full':
    case 'banned':
      return { what: t(`refused.${code}`), next: waitWords(retry_after_ms) };
    default:
      return { what: t('refused.other'), next: waitWords(retry_after_ms) };
  }
}

function waitWords(retry_after_ms: number | undefined): string {
  if (retry_after_ms === undefined) return t('refused.wait');
  const seconds = Math.ceil(retry_after_ms / 1000);
  return seconds < 90
    ? t('refused.wait-seconds', seconds)
    : t('refused.wait-minutes', Math.ceil(seconds / 60));
}

/** How a call ended, and what can be done now. */
export function endWords({ target, summary, why }: Page & { at: 'left' }): Words {
  const name = nameOf(target);
  if (why === undefined) {
    if (target.is === 'room') {
      return { what: t(summary ? 'ended.left' : 'ended.not-joined'), next: t('ended.left-next') };
    }
    const what = summary ? t('ended.hung-up') : t('ended.cancelled', { name });
    return { what, next: t('ended.direct-next', { name }) };
  }
  if (why === 'missed' || why === 'busy') {
    return { what: t(`end.${why}`, { name }), next: t('refused.missed-next', { name }) };
  }
  const next = target.is === 'room' ? t('ended.room-next') : t('ended.direct-next', { name });
  return { what: why === 'declined' ? t(`end.${why}`, { name }) : t(`end.${why}`), next };
}

/** A stretch of time that counts down: seconds, or minutes and seconds when there are many. */
export function countdownWords(left_ms: number): string {
  const seconds = Math.max(0, Math.ceil(left_ms / 1000));
  if (seconds < 90) return t('time.seconds', { seconds });
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** What is wrong with one's own devices, each said once. */
export function deviceTrouble({ devices }: State): string[] {
  const { mic, camera } = devices;
  if (mic.is === 'unavailable' && camera.is === 'unavailable' && mic.problem === camera.problem) {
    return [t(`trouble.both.${mic.problem}`)];
  }
  const words: string[] = [];
  if (camera.is === 'unavailable') words.push(t(`trouble.camera.${camera.problem}`));
  if (mic.is === 'unavailable') words.push(t(`trouble.mic.${mic.problem}`));
  return words;
}

/** What to say while the hub cannot be reached or does not let this client in. */
export function linkWords(state: State): string | undefined {
  const { is } = state.link.phase;
  if (is === 'up' || is === 'off') return undefined;
  switch (state.trouble) {
    case 'hub-full':
    case 'banned':
    case 'address-full':
      return t(`link.${state.trouble}`);
  }
  if (state.trouble === 'rate-limited') return t('link.asked-to-wait');
  if (state.page.at === 'call') return t('link.reconnecting');
  if (state.link.phase.is === 'waiting' && state.link.failures === 0) return t('link.asked-to-wait');
  return state.link.failures > 0 ? t('link.unreachable') : undefined;
}

/** The tab's title; a dot says that a call is on, a number in front how many messages wait. */
export function titleOf({ page, talk, rings: [ring] }: State): string {
  const name = nameOf(targetOf(page));
  if (ring) return t('title.incoming', { name: ring.from.name });
  switch (page.at) {
    case 'landing':
      return 'Holdfast';
    case 'lobby':
    case 'joining':
      return t('title.join', { room: name });
    case 'calling':
      return t('title.calling', { name });
    case 'rejoin':
    case 'elsewhere':
      return t('title.return');
    case 'call': {
      const unread = talk.unread > 0 ? `(${talk.unread}) ` : '';
      return `${unread}● ${name} (${page.people.length}) · Holdfast`;
    }
    case 'left':
      return t('title.left');
    case 'refused':
      return t('title.refused');
  }
}

/** The tab's icon. */
export function iconOf({ page, talk }: State): TabIcon {
  if (page.at !== 'call') return 'idle';
  return talk.unread > 0 ? 'unread' : 'call';
}

/** A stretch of time in words: hours and minutes, or minutes and seconds. */
export function durationWords(duration_ms: number, language: string): string {
  const seconds = Math.floor(duration_ms / 1000);
  const parts = {
    hour: Math.floor(seconds / 3600),
    minute: Math.floor(seconds / 60) % 60,
    second: seconds % 60,
  };
  const shown =
    parts.hour > 0
      ? (['hour', 'minute'] as const)
      : parts.minute > 0
        ? (['minute', 'second'] as const)
        : (['second'] as const);
  const words = shown.map((unit) =>
    new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'long' }).format(parts[unit]),
  );
  return words.join(' ');
}
