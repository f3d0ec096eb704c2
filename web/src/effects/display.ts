/** What the page asks of the browser's window: full screen, picture in picture, the tab's icon. */
import { signal, type ReadonlySignal } from '@preact/signals';

/** What the tab's icon tells. */
export type TabIcon = 'idle' | 'call' | 'unread';

const ICONS: Record<TabIcon, string> = {
  idle: '/favicon.svg',
  call: '/favicon-call.svg',
  unread: '/favicon-unread.svg',
};

export function showTabIcon(icon: TabIcon): void {
  document.querySelector('link[rel=icon]')?.setAttribute('href', ICONS[icon]);
}

const fullScreenOn = signal(false);
document.addEventListener('fullscreenchange', () => {
  fullScreenOn.value = document.fullscreenElement !== null;
});

export const fullScreen: ReadonlySignal<boolean> = fullScreenOn;
/** Telephones of one make have it for videos only. */
export const fullScreenPossible: boolean = document.fullscreenEnabled;

export function toggleFullScreen(): void {
  // A refusal leaves things as they are, which is all there is to show.
  const done = document.fullscreenElement
    ? document.exitFullscreen()
    : document.documentElement.requestFullscreen();
  done.catch(() => undefined);
}

export const pictureInPicturePossible: boolean = document.pictureInPictureEnabled === true;

/** Takes one tile's picture out of the page, or brings it back: the one on the stage, or the first of the others. */
export function togglePictureInPicture(): void {
  if (document.pictureInPictureElement) {
    document.exitPictureInPicture().catch(() => undefined);
    return;
  }
  const tiles = [
    '[data-place=stage]',
    '[data-place=grid]:not([data-self])',
    '[data-place=strip]:not([data-self])',
  ];
  const videos = tiles.flatMap((tile) => [...document.querySelectorAll<HTMLVideoElement>(`${tile} video`)]);
  const video = videos.find(({ videoWidth }) => videoWidth > 0);
  video?.requestPictureInPicture().catch(() => undefined);
}
