/** The bar of switches. Where it is narrow, "More" takes what has no room. */
import { useSignal } from '@preact/signals';
import { isHost } from '../call/place.ts';
import type { State } from '../call/state.ts';
import type { App } from '../effects/app.ts';
import {
  fullScreen,
  fullScreenPossible,
  pictureInPicturePossible,
  toggleFullScreen,
  togglePictureInPicture,
} from '../effects/display.ts';
import { canShareScreen } from '../effects/screen.ts';
import { t } from '../i18n/index.ts';
import type { CallPage } from './call.tsx';
import { DeviceSwitch, RoundButton } from './controls.tsx';
import type { DialogName } from './dialogs.tsx';
import {
  ChatIcon,
  DevicesIcon,
  FullScreenIcon,
  HandIcon,
  KeyboardIcon,
  LeaveIcon,
  PeopleIcon,
  PipIcon,
  QrIcon,
  ScreenIcon,
} from './icons.tsx';
import { Menu, type MenuItem } from './menu.tsx';

/** More than this is not counted for people. */
const UNREAD_SHOWN_MAX = 99;

interface BarProps {
  app: App;
  state: State;
  page: CallPage;
  openDialog: (which: DialogName) => void;
}

export function Bar({ app, state, page, openDialog }: BarProps) {
  const { devices, talk } = state;
  const menuOpen = useSignal(false);
  const sharing = devices.screen.is === 'on';
  const raised = talk.hands.includes(page.you);
  const screen = () => app.dispatch({ event: 'toggle-screen' });
  const hand = () => app.dispatch({ event: 'toggle-hand' });
  const words = {
    screen: t(sharing ? 'screen.stop' : 'screen.start'),
    hand: t(raised ? 'hand.lower' : 'hand.raise'),
  };
  const narrow: MenuItem[] = [
    { name: 'hand', label: words.hand, icon: <HandIcon />, choose: hand, narrowOnly: true },
  ];
  if (canShareScreen()) {
    narrow.push({
      name: 'screen',
      label: words.screen,
      icon: <ScreenIcon />,
      choose: screen,
      narrowOnly: true,
    });
  }
  return (
    <footer class="call-bar" aria-label={t('call.controls')} role="group">
      <DeviceSwitch kind="mic" state={state} dispatch={app.dispatch} />
      <DeviceSwitch kind="camera" state={state} dispatch={app.dispatch} />
      {canShareScreen() && (
        <RoundButton
          name="screen"
          class={`wide-only ${sharing ? 'on' : ''}`}
          label={words.screen}
          onClick={screen}
        >
          <ScreenIcon />
        </RoundButton>
      )}
      <RoundButton name="hand" class={`wide-only ${raised ? 'on' : ''}`} label={words.hand} onClick={hand}>
        <HandIcon />
      </RoundButton>
      <ChatButton app={app} state={state} />
      <Menu
        items={[...narrow, ...menuItems(state, page, openDialog)]}
        open={menuOpen.value}
        setOpen={(open) => (menuOpen.value = open)}
      />
      <RoundButton
        name="leave"
        class="leave"
        label={t('call.leave')}
        onClick={() => app.dispatch({ event: 'leave' })}
      >
        <LeaveIcon />
      </RoundButton>
    </footer>
  );
}

function ChatButton({ app, state }: { app: App; state: State }) {
  const { panelOpen, unread } = state.talk;
  const label = panelOpen ? t('chat.close') : unread > 0 ? t('chat.open-unread', unread) : t('chat.open');
  return (
    <RoundButton
      name="chat"
      class={panelOpen ? 'on' : ''}
      label={label}
      onClick={() => app.dispatch({ event: 'chat-panel', open: !panelOpen })}
    >
      <ChatIcon />
      {unread > 0 && (
        <span class="badge" data-testid="unread" aria-hidden="true">
          {unread > UNREAD_SHOWN_MAX ? `${UNREAD_SHOWN_MAX}+` : unread}
        </span>
      )}
    </RoundButton>
  );
}

function menuItems(state: State, { target }: CallPage, openDialog: (which: DialogName) => void): MenuItem[] {
  const items: MenuItem[] = [
    {
      name: 'devices',
      label: t('call.settings'),
      icon: <DevicesIcon />,
      choose: () => openDialog('devices'),
    },
  ];
  if (target.is === 'room') {
    const roster = () => openDialog('roster');
    items.unshift({ name: 'qr', label: t('call.qr'), icon: <QrIcon />, choose: () => openDialog('qr') });
    items.unshift({ name: 'roster', label: t('call.roster'), icon: <PeopleIcon />, choose: roster });
  }
  if (pictureInPicturePossible) {
    items.push({ name: 'pip', label: t('call.pip'), icon: <PipIcon />, choose: togglePictureInPicture });
  }
  if (fullScreenPossible) {
    const label = t(fullScreen.value ? 'call.full-screen-end' : 'call.full-screen');
    items.push({ name: 'full-screen', label, icon: <FullScreenIcon />, choose: toggleFullScreen });
  }
  const shortcuts = () => openDialog('shortcuts');
  items.push({ name: 'shortcuts', label: t('call.shortcuts'), icon: <KeyboardIcon />, choose: shortcuts });
  if (isHost(state)) {
    const ask = () => openDialog('end-all');
    items.push({ name: 'end-all', label: t('call.end-all'), icon: <LeaveIcon />, choose: ask });
  }
  return items;
}
