/** The room's link, to copy. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { t } from '../i18n/index.ts';
import type { RoomName } from '../protocol/wire.ts';
import { LinkIcon } from './icons.tsx';

/** How long the button says that the link was copied. */
const COPIED_MS = 2_000;

export function roomUrl(room: RoomName): string {
  return `${location.origin}/r/${room}`;
}

export function CopyLink({ room }: { room: RoomName }) {
  const shown = useSignal<'button' | 'copied' | 'text'>('button');
  const url = roomUrl(room);
  useEffect(() => {
    if (shown.value !== 'copied') return undefined;
    const timer = setTimeout(() => (shown.value = 'button'), COPIED_MS);
    return () => clearTimeout(timer);
  }, [shown.value]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(url);
      shown.value = 'copied';
    } catch {
      // No clipboard on pages without TLS: the link to copy by hand.
      shown.value = 'text';
    }
  };
  if (shown.value === 'text') {
    return (
      <input
        class="link-text"
        readOnly
        value={url}
        aria-label={t('call.link')}
        onFocus={(e) => e.currentTarget.select()}
      />
    );
  }
  return (
    <button
      type="button"
      class={`button small copy-link ${shown.value}`}
      data-testid="copy-link"
      onClick={() => void copy()}
    >
      <LinkIcon />
      <span class="copy-words" role="status">
        {shown.value === 'copied' ? t('call.link-copied') : t('call.copy-link')}
      </span>
    </button>
  );
}
