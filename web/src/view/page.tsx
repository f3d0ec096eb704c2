/** Which page is shown; everything is a function of the one state. */
import { useEffect, useRef } from 'preact/hooks';
import type { App } from '../effects/app.ts';
import { Call } from './call.tsx';
import { Calling } from './calling.tsx';
import { Ended } from './ended.tsx';
import { Incoming } from './incoming.tsx';
import { Landing } from './landing.tsx';
import { Lobby } from './lobby.tsx';
import { Return } from './return.tsx';

export function Page({ app }: { app: App }) {
  const state = app.state.value;
  const { at } = state.page;
  const shown = at === 'joining' ? 'lobby' : at;
  const before = useRef(shown);
  useEffect(() => {
    if (before.current === shown) return;
    before.current = shown;
    // What had the focus is gone; the new page is read from its heading on.
    document.querySelector<HTMLElement>('h1')?.focus();
  }, [shown]);
  return (
    <>
      <Shown app={app} />
      <Incoming app={app} state={state} />
    </>
  );
}

function Shown({ app }: { app: App }) {
  const state = app.state.value;
  switch (state.page.at) {
    case 'landing':
      return <Landing app={app} state={state} />;
    case 'lobby':
    case 'joining':
      return <Lobby app={app} state={state} />;
    case 'call':
      return <Call app={app} state={state} />;
    case 'calling':
      return <Calling app={app} state={state} />;
    case 'rejoin':
    case 'elsewhere':
      return <Return app={app} state={state} />;
    case 'left':
    case 'refused':
      return <Ended app={app} state={state} />;
  }
}
