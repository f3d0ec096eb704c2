/** The chat: what was said, and the field to say something. Everything in it is text, whatever it looks like. */
import { useEffect, useRef } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import type { TargetedKeyboardEvent } from 'preact';
import type { State } from '../call/state.ts';
import type { Line } from '../call/talk.ts';
import type { App } from '../effects/app.ts';
import { chatText } from '../protocol/control.ts';
import { CHAT_CHARS_MAX } from '../protocol/wire.ts';
import { language, t } from '../i18n/index.ts';
import { CloseIcon } from './icons.tsx';

/** Nearer to the end than this counts as there: then new lines are scrolled to. */
const AT_END_PX = 60;

export function ChatPanel({ app, state }: { app: App; state: State }) {
  const { page, talk } = state;
  if (page.at !== 'call' || !talk.panelOpen) return null;
  const close = () => app.dispatch({ event: 'chat-panel', open: false });
  return (
    <aside
      class="chat"
      data-testid="chat-panel"
      aria-label={t('chat.title')}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        event.stopPropagation();
        close();
      }}
    >
      <header class="chat-head">
        <h2>{t('chat.title')}</h2>
        <button type="button" class="plain chat-close" aria-label={t('chat.close')} onClick={close}>
          <CloseIcon />
        </button>
      </header>
      <Lines lines={talk.lines} state={state} you={page.you} />
      <Say send={app.sendChat} />
    </aside>
  );
}

function Lines({ lines, state, you }: { lines: readonly Line[]; state: State; you: string }) {
  const list = useRef<HTMLOListElement>(null);
  const atEnd = useRef(true);
  const last = lines.at(-1)?.message.id;
  useEffect(() => {
    const { current } = list;
    if (current && atEnd.current) current.scrollTop = current.scrollHeight;
  }, [last]);
  const time = new Intl.DateTimeFormat(language.value, { hour: '2-digit', minute: '2-digit' });
  return (
    <ol
      ref={list}
      class="chat-lines"
      aria-live="polite"
      aria-label={t('chat.messages')}
      tabIndex={0}
      onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
        atEnd.current = scrollHeight - scrollTop - clientHeight < AT_END_PX;
      }}
    >
      {lines.length === 0 && <li class="chat-empty soft">{t('chat.empty')}</li>}
      {lines.map((line) => (
        <Message
          key={line.message.id}
          line={line}
          state={state}
          own={line.message.author === you}
          time={time}
        />
      ))}
    </ol>
  );
}

interface MessageProps {
  line: Line;
  state: State;
  own: boolean;
  time: Intl.DateTimeFormat;
}

function Message({ line, state, own, time }: MessageProps) {
  const { author, name, text } = line.message;
  const { page } = state;
  const people = page.at === 'call' ? page.people : [];
  const teller = people.find(({ id }) => id === line.told_by);
  // Of somebody who is here the roster knows the name better than what was handed on.
  const known = people.find(({ id }) => id === author)?.name ?? name;
  return (
    <li class={`chat-line ${own ? 'own' : ''}`} data-testid="chat-message">
      <p class="chat-who">
        <bdi>{own ? t('chat.you') : known}</bdi>
        <time dateTime={new Date(line.at_unix_ms).toISOString()}>{time.format(line.at_unix_ms)}</time>
        {teller && <span class="chat-told">{t('chat.told', { name: teller.name })}</span>}
      </p>
      <p class="chat-text" dir="auto">
        {text}
      </p>
    </li>
  );
}

function Say({ send }: { send: (text: string) => void }) {
  const text = useSignal('');
  const field = useRef<HTMLTextAreaElement>(null);
  const ready = chatText(text.value) !== undefined;
  useEffect(() => field.current?.focus(), []);
  const say = () => {
    if (!ready) return;
    send(text.value);
    text.value = '';
    field.current?.focus();
  };
  const onKeyDown = (event: TargetedKeyboardEvent<HTMLTextAreaElement>) => {
    // While a word is being composed, Enter chooses it.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    say();
  };
  return (
    <form
      class="chat-say"
      onSubmit={(event) => {
        event.preventDefault();
        say();
      }}
    >
      <textarea
        ref={field}
        data-testid="chat-text"
        rows={2}
        dir="auto"
        maxLength={CHAT_CHARS_MAX}
        aria-label={t('chat.message')}
        placeholder={t('chat.placeholder')}
        value={text.value}
        onInput={({ currentTarget }) => (text.value = currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      <button type="submit" class="button primary small" data-testid="chat-send" disabled={!ready}>
        {t('chat.send')}
      </button>
    </form>
  );
}
