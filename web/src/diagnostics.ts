/**
 * `window.holdfastDiagnostics`: what flows, for tests and for people who look for a fault. Read-only; it shows
 * nothing that the page's own `RTCPeerConnection` would not.
 *
 * `stats()` resolves to
 * `{ status, you, connections_made, pairs: { [participant]: { connection, ice, frames_decoded, frames_encoded,
 * audio_samples_received, audio_energy_received, audio_packets_sent, video_codec, screen_frames_decoded,
 * screen_audio_energy_received } } }`; counters are those of the
 * pair's current connection, `connections_made` counts every peer connection since the page was loaded.
 */
import { statusOf } from './call/state.ts';
import type { App } from './effects/app.ts';

export function exposeDiagnostics(app: App): void {
  const stats = async () => {
    const { value: state } = app.state;
    const you = state.page.at === 'call' ? state.page.you : undefined;
    return { status: statusOf(state), you, ...(await app.figures()) };
  };
  Object.defineProperty(window, 'holdfastDiagnostics', { value: Object.freeze({ stats }) });
}
