/** How long to wait before the next attempt to reach the hub. */
import { RECONNECT_BACKOFF_MS } from '../protocol/wire.ts';

/** The largest share of a wait that chance may take off, so that many clients do not come back in one moment. */
const JITTER_SHARE_MAX = 0.3;

/**
 * Milliseconds before attempt number `attempt` (0 is the first after a loss). `random` in [0, 1) only shortens.
 */
export function backoff_ms(attempt: number, random: number): number {
  const last = RECONNECT_BACKOFF_MS.length - 1;
  const wait_ms = RECONNECT_BACKOFF_MS[Math.min(attempt, last)] ?? RECONNECT_BACKOFF_MS[last] ?? 0;
  return Math.round(wait_ms * (1 - JITTER_SHARE_MAX * random));
}
