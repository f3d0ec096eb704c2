/** Starts the page: the one app, the browser's own events, and the view. */
import { effect } from '@preact/signals';
import { render } from 'preact';
import { roomName } from './call/names.ts';
import type { Found } from './call/rejoin.ts';
import { exposeDiagnostics } from './diagnostics.ts';
import { App } from './effects/app.ts';
import { showTabIcon } from './effects/display.ts';
import { recallLanguage } from './effects/storage.ts';
import { pickLanguage, speak } from './i18n/index.ts';
import './style/base.css';
import './style/forms.css';
import './style/pages.css';
import './style/call.css';
import './style/tiles.css';
import './style/tile.css';
import './style/dialogs.css';
import './style/chat.css';
import './style/people.css';
import { Page } from './view/page.tsx';
import { iconOf, titleOf } from './view/words.ts';

const app = new App();

/** `/r/ROOM?name=…&autojoin=1` */
function navigated(found?: Found): void {
  const { pathname, searchParams } = new URL(location.href);
  const name = searchParams.get('name');
  if (name !== null) app.dispatch({ event: 'name-changed', name });
  const room = pathname.startsWith('/r/') ? roomName(pathname) : undefined;
  app.dispatch({ event: 'navigated', room, autojoin: searchParams.get('autojoin') === '1', found });
}

window.addEventListener('popstate', () => navigated());
window.addEventListener('online', () => app.dispatch({ event: 'online' }));
// A socket does not close by itself when its network goes away, or while the device sleeps.
window.addEventListener('offline', () => app.dispatch({ event: 'probe' }));
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) app.dispatch({ event: 'probe' });
});
window.addEventListener('pagehide', ({ persisted }) => {
  // A page that may come back from the browser's cache has not been left.
  if (!persisted) app.dispatch({ event: 'page-hidden' });
});

effect(() => {
  document.title = titleOf(app.state.value);
  showTabIcon(iconOf(app.state.value));
});
exposeDiagnostics(app);
navigated(await app.keeper.find());

// English is built in, so words that cannot be loaded stop nobody.
await speak(pickLanguage(recallLanguage(), navigator.languages)).catch(() => undefined);

const root = document.getElementById('app');
if (root) render(<Page app={app} />, root);
