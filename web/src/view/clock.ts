/** The time, for what counts down. */
import { useEffect, useState } from 'preact/hooks';
import { now_ms } from '../effects/ambient.ts';

const EVERY_MS = 500;

/** The page's clock, read twice a second while something runs by it. */
export function useNow_ms(runs: boolean): number {
  const [now, setNow] = useState(now_ms);
  useEffect(() => {
    if (!runs) return undefined;
    setNow(now_ms());
    const timer = setInterval(() => setNow(now_ms()), EVERY_MS);
    return () => clearInterval(timer);
  }, [runs]);
  return runs ? now : now_ms();
}
