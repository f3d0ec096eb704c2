/** "More": what the bar has no room for. Escape, a click elsewhere and every choice close it. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { t } from '../i18n/index.ts';
import { MoreIcon } from './icons.tsx';

export interface MenuItem {
  name: string;
  label: string;
  icon: ComponentChildren;
  choose: () => void;
  /** Only where the bar is too narrow to have it. */
  narrowOnly?: boolean;
}

interface MenuProps {
  items: MenuItem[];
  open: boolean;
  setOpen: (open: boolean) => void;
}

export function Menu({ items, open, setOpen }: MenuProps) {
  const whole = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  // The focus goes back first, so that what opens next knows where it came from.
  const close = () => {
    button.current?.focus();
    setOpen(false);
  };
  useEffect(() => {
    if (!open) return undefined;
    const listening = new AbortController();
    const { signal } = listening;
    const outside = (event: Event) => !whole.current?.contains(event.target as Node) && setOpen(false);
    document.addEventListener('pointerdown', outside, { signal });
    whole.current?.addEventListener(
      'focusout',
      ({ relatedTarget }) => {
        if (relatedTarget && !whole.current?.contains(relatedTarget as Node)) setOpen(false);
      },
      { signal },
    );
    // Not only from within: what had the focus may be gone when the bar gets wider.
    document.addEventListener('keydown', ({ key }) => key === 'Escape' && close(), { signal });
    itemsShown(whole.current)[0]?.focus();
    return () => listening.abort();
  }, [open]);
  const onKeyDown = (event: KeyboardEvent) => {
    if (!open || (event.key !== 'ArrowDown' && event.key !== 'ArrowUp')) return;
    event.preventDefault();
    step(whole.current, event.key === 'ArrowDown' ? 1 : -1);
  };
  return (
    <div class="menu-place" ref={whole} onKeyDown={onKeyDown}>
      <button
        ref={button}
        type="button"
        class="round"
        data-testid="more"
        aria-label={t('call.more')}
        title={t('call.more')}
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        <MoreIcon />
      </button>
      {open && (
        <ul class="menu" data-testid="menu">
          {items.map(({ name, label, icon, choose, narrowOnly }) => (
            <li key={name} class={narrowOnly ? 'narrow-only' : ''}>
              <button
                type="button"
                data-testid={`menu-${name}`}
                onClick={() => {
                  close();
                  choose();
                }}
              >
                {icon}
                <span>{label}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** Moves the focus among the items that are shown. */
function step(whole: HTMLElement | null, by: 1 | -1): void {
  const shown = itemsShown(whole);
  const at = shown.indexOf(document.activeElement as HTMLElement);
  shown.at((at + by) % shown.length)?.focus();
}

/** Without those that only a narrow bar puts here. */
function itemsShown(whole: HTMLElement | null): HTMLElement[] {
  const buttons = [...(whole?.querySelectorAll<HTMLElement>('.menu button') ?? [])];
  return buttons.filter((button) => button.offsetParent !== null);
}
