/** The browser's clock and randomness; nothing else in the page asks for them. */

/** Milliseconds since the page was loaded; never goes back. */
export function now_ms(): number {
  return performance.now();
}

/** Milliseconds since the Unix epoch, for what is shown as a time of day; may jump. */
export function now_unix_ms(): number {
  return Date.now();
}

/** Random bytes fit for names that must not be guessed. */
export function randomBytes(length: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(length));
}

/** A random number in [0, 1), for the jitter of waits. */
export function random(): number {
  return Math.random();
}

/** A version 4 UUID. `crypto.randomUUID` is missing on pages that are not served over TLS. */
export function uuid(): string {
  const bytes = randomBytes(16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
