/** One's own small picture in a corner: dragged with a pointer, or sent from corner to corner with a button. */
import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { t } from '../i18n/index.ts';
import { MoveIcon } from './icons.tsx';

/** In the order in which the button goes round. */
const CORNERS = ['bottom-right', 'bottom-left', 'top-left', 'top-right'] as const;
type Corner = (typeof CORNERS)[number];

/** Where it is; kept from call to call for as long as the page is open. */
const current = signal<Corner>('bottom-right');

export function cornerOf(): Corner {
  return current.value;
}

/** The corner that is nearest to a point of the box, both from its top left. */
export function nearestCorner(x: number, y: number, width: number, height: number): Corner {
  return `${y < height / 2 ? 'top' : 'bottom'}-${x < width / 2 ? 'left' : 'right'}`;
}

/** Goes into the tile that it moves. */
export function CornerHandle() {
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    const tile = button.current?.closest<HTMLElement>('.tile');
    return tile ? draggable(tile) : undefined;
  }, []);
  const next = () => {
    current.value = CORNERS[(CORNERS.indexOf(current.value) + 1) % CORNERS.length] ?? 'bottom-right';
  };
  return (
    <button
      ref={button}
      type="button"
      class="tile-button move"
      data-testid="move-self"
      aria-label={t('tile.move')}
      title={t('tile.move')}
      onClick={next}
    >
      <MoveIcon />
    </button>
  );
}

/** Lets the tile follow the pointer and settle in the nearest corner; what it returns ends that. */
function draggable(tile: HTMLElement): () => void {
  const listening = new AbortController();
  const { signal: until } = listening;
  let from: { x: number; y: number } | undefined;
  tile.addEventListener(
    'pointerdown',
    (event) => {
      // On a narrow screen it may stand in the grid instead.
      const fixed = getComputedStyle(tile).position !== 'absolute';
      if (fixed || event.button !== 0 || (event.target as Element).closest('button')) return;
      from = { x: event.clientX, y: event.clientY };
      tile.setPointerCapture(event.pointerId);
    },
    { signal: until },
  );
  tile.addEventListener(
    'pointermove',
    ({ clientX, clientY }) => {
      if (from) tile.style.translate = `${clientX - from.x}px ${clientY - from.y}px`;
    },
    { signal: until },
  );
  const drop = () => {
    const box = tile.parentElement?.getBoundingClientRect();
    const own = tile.getBoundingClientRect();
    if (from && box) {
      const [x, y] = [own.x + own.width / 2 - box.x, own.y + own.height / 2 - box.y];
      current.value = nearestCorner(x, y, box.width, box.height);
    }
    from = undefined;
    tile.style.translate = '';
  };
  tile.addEventListener('pointerup', drop, { signal: until });
  tile.addEventListener('pointercancel', drop, { signal: until });
  return () => {
    listening.abort();
    tile.style.translate = '';
  };
}
