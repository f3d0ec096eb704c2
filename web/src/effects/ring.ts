/** What is heard and shown of a call that rings: tones made on the spot, and the system's notification. */
import type { PageEffect } from '../call/state.ts';
import { t } from '../i18n/index.ts';

type Ringing = (PageEffect & { effect: 'ring' })['ring'];

/** One burst of sound: its tones in hertz, and when it sounds within the period. */
interface Burst {
  tones_hz: number[];
  at_s: number;
  for_s: number;
}
interface Pattern {
  bursts: Burst[];
  period_ms: number;
  volume: number;
}

const PATTERNS: Record<'incoming' | 'outgoing', Pattern> = {
  incoming: {
    bursts: [
      { tones_hz: [659, 784], at_s: 0, for_s: 0.35 },
      { tones_hz: [784, 988], at_s: 0.4, for_s: 0.35 },
      { tones_hz: [659, 784], at_s: 0.8, for_s: 0.5 },
    ],
    period_ms: 3_000,
    volume: 0.12,
  },
  // The ring-back tone of most of Europe (ITU-T E.180).
  outgoing: { bursts: [{ tones_hz: [425], at_s: 0, for_s: 1 }], period_ms: 5_000, volume: 0.05 },
};
const FADE_S = 0.03;

/** Rings for one call at a time. */
export class Ringer {
  #stop: (() => void) | undefined;

  set(ring: Ringing): void {
    this.#stop?.();
    this.#stop = undefined;
    if (!ring) return;
    const silence = sound(PATTERNS[ring.is]);
    const unnotify = ring.is === 'incoming' ? notify(ring.from.name) : undefined;
    this.#stop = () => {
      silence();
      unnotify?.();
    };
  }
}

function sound(pattern: Pattern): () => void {
  const context = new AudioContext();
  const play = () => {
    if (context.state === 'running') for (const burst of pattern.bursts) burstOf(context, pattern, burst);
  };
  const gestures = new AbortController();
  // A page that nobody has touched yet may not run sound; it may from the first touch on.
  const resume = () => void context.resume().then(play);
  for (const gesture of ['pointerdown', 'keydown']) {
    document.addEventListener(gesture, resume, { signal: gestures.signal, once: true });
  }
  play();
  const timer = setInterval(play, pattern.period_ms);
  return () => {
    clearInterval(timer);
    gestures.abort();
    void context.close();
  };
}

function burstOf(context: AudioContext, { volume }: Pattern, { tones_hz, at_s, for_s }: Burst): void {
  const from = context.currentTime + at_s;
  const gain = context.createGain();
  gain.gain.setValueAtTime(0, from);
  gain.gain.linearRampToValueAtTime(volume, from + FADE_S);
  gain.gain.setValueAtTime(volume, from + for_s - FADE_S);
  gain.gain.linearRampToValueAtTime(0, from + for_s);
  gain.connect(context.destination);
  for (const hz of tones_hz) {
    const tone = context.createOscillator();
    tone.frequency.value = hz;
    tone.connect(gain);
    tone.start(from);
    tone.stop(from + for_s);
  }
}

/** Whether the system may be asked to show calls, and has been allowed to. */
export type NotificationState = 'impossible' | 'not-asked' | 'allowed' | 'denied';

export function notificationState(): NotificationState {
  if (!('Notification' in window)) return 'impossible';
  const states = { default: 'not-asked', granted: 'allowed', denied: 'denied' } as const;
  return states[Notification.permission];
}

/** Asks the user; only ever on a click of theirs. */
export async function askToNotify(): Promise<NotificationState> {
  await Notification.requestPermission();
  return notificationState();
}

/** Shows the call to somebody who looks at something else. */
function notify(name: string): (() => void) | undefined {
  if (notificationState() !== 'allowed' || document.visibilityState === 'visible') return undefined;
  try {
    const shown = new Notification(t('ring.title', { name }), { tag: 'holdfast.ring', icon: '/favicon.svg' });
    shown.onclick = () => window.focus();
    return () => shown.close();
  } catch {
    // Some phones let only a service worker do it.
    return undefined;
  }
}
