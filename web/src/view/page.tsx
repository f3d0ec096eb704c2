/** Which page is shown; everything is a function of the one state. */
import type { App } from '../effects/app.ts';
import { Call } from './call.tsx';
import { Ended } from './ended.tsx';
import { Landing } from './landing.tsx';
import { Lobby } from './lobby.tsx';

export function Page({ app }: { app: App }) {
  const state = app.state.value;
  switch (state.page.at) {
    case 'landing':
      return <Landing app={app} />;
    case 'lobby':
    case 'joining':
      return <Lobby app={app} state={state} />;
    case 'call':
      return <Call app={app} state={state} />;
    case 'left':
    case 'refused':
      return <Ended app={app} state={state} />;
  }
}
