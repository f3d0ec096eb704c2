/** What people read about trouble: a plain sentence and the next step. The words are in `i18n/`. */
import type { Refusal, State } from '../call/state.ts';
import type { TabIcon } from '../effects/display.ts';
import { t } from '../i18n/index.ts';

export interface Words {
  what: string;
  next: string;
}

export function refusalWords({ code, retry_after_ms }: Refusal): Words {
  switch (code) {
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
  if (state.link.phase.is === 'up') return undefined;
  switch (state.trouble) {
    case 'hub-full':
    case 'banned':
    case 'address-full':
      return t(`link.${state.trouble}`);
  }
  if (state.trouble === 'rate-limited') return t('link.asked-to-wait');
  if (state.page.at === 'call') return t('link.reconnecting');
  if (state.link.phase.is === 'waiting' && state.link.attempt === 0) return t('link.asked-to-wait');
  return state.link.attempt > 0 ? t('link.unreachable') : undefined;
}

/** The tab's title; a dot says that a call is on, a number in front how many messages wait. */
export function titleOf({ page, talk }: State): string {
  switch (page.at) {
    case 'landing':
      return 'Holdfast';
    case 'lobby':
    case 'joining':
      return t('title.join', { room: page.room });
    case 'call': {
      const unread = talk.unread > 0 ? `(${talk.unread}) ` : '';
      return `${unread}● ${page.room} (${page.people.length}) · Holdfast`;
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
