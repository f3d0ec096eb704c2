/** What a page takes from the browser, and whether it gave all of it back. */
import type { Person } from './page.ts';

/** What is open now. */
export interface Resources {
  tracks: number;
  tracks_live: number;
  connections: number;
  connections_open: number;
  intervals_running: number;
  sound_contexts_open: number;
  /** Those of them on which tones were played: what rings. */
  ringing: number;
  /** Messages written to data channels so far. */
  messages_written: number;
}

interface Watched {
  tracks: MediaStreamTrack[];
  connections: RTCPeerConnection[];
  intervals: Set<number>;
  contexts: AudioContext[];
  ringing: Set<AudioContext>;
  messages: number;
}

type Window = typeof globalThis & { watched_resources: Watched };

/** Runs in the page before anything of its own does: notes every track, connection, interval and sound context. */
export function watchResources(): void {
  const watched: Watched = { tracks: [], connections: [], intervals: new Set(), contexts: [], ringing: new Set(), messages: 0 };
  (window as unknown as Window).watched_resources = watched;
  const devices = navigator.mediaDevices;
  for (const name of ['getUserMedia', 'getDisplayMedia'] as const) {
    const open = devices[name].bind(devices);
    devices[name] = async (constraints?: MediaStreamConstraints) => {
      const stream = await open(constraints);
      watched.tracks.push(...stream.getTracks());
      return stream;
    };
  }
  window.RTCPeerConnection = new Proxy(RTCPeerConnection, {
    construct(target, args: [RTCConfiguration?]) {
      const connection = new target(...args);
      watched.connections.push(connection);
      return connection;
    },
  });
  window.AudioContext = new Proxy(AudioContext, {
    construct(target, args: [AudioContextOptions?]) {
      const context = new target(...args);
      watched.contexts.push(context);
      return context;
    },
  });
  OscillatorNode.prototype.start = new Proxy(OscillatorNode.prototype.start, {
    apply(target, tone: OscillatorNode, args) {
      watched.ringing.add(tone.context as AudioContext);
      return Reflect.apply(target, tone, args);
    },
  });
  RTCDataChannel.prototype.send = new Proxy(RTCDataChannel.prototype.send, {
    apply(target, channel, args) {
      watched.messages += 1;
      return Reflect.apply(target, channel, args);
    },
  });
  const { setInterval: start, clearInterval: stop } = window;
  window.setInterval = ((...args: Parameters<typeof start>) => {
    const timer = start(...args) as unknown as number;
    watched.intervals.add(timer);
    return timer;
  }) as typeof start;
  window.clearInterval = ((timer: number) => {
    watched.intervals.delete(timer);
    stop(timer);
  }) as typeof stop;
}

/** Counts what {@link watchResources} noted. */
export function resources(person: Person): Promise<Resources> {
  return person.tab.evaluate(() => {
    const { tracks, connections, intervals, contexts, ringing, messages } = (window as unknown as Window).watched_resources;
    return {
      tracks: tracks.length,
      tracks_live: tracks.filter((track) => track.readyState === 'live').length,
      connections: connections.length,
      connections_open: connections.filter((one) => one.connectionState !== 'closed').length,
      intervals_running: intervals.size,
      sound_contexts_open: contexts.filter((context) => context.state !== 'closed').length,
      ringing: [...ringing].filter((context) => context.state === 'running').length,
      messages_written: messages,
    };
  });
}

/** Ends the latest live track of a kind as the browser does: a cable pulled, or its own "stop sharing". */
export async function pullOut(person: Person, kind: 'audio' | 'video', of: 'device' | 'screen'): Promise<void> {
  await person.tab.evaluate(
    ([wanted, source]) => {
      const { tracks } = (window as unknown as Window).watched_resources;
      const isScreen = (track: MediaStreamTrack): boolean => 'displaySurface' in track.getSettings();
      const track = tracks.findLast(
        (one) => one.kind === wanted && one.readyState === 'live' && isScreen(one) === (source === 'screen'),
      );
      if (!track) throw new Error(`no live ${wanted} of a ${source}`);
      // Stopping it here says nothing to the page, so the event is made as well.
      track.stop();
      track.dispatchEvent(new Event('ended'));
    },
    [kind, of] as const,
  );
}

/** Makes the page believe another ICE state of its latest connection than it has; `undefined` is the true one again. */
export async function pretendIce(person: Person, state: RTCIceConnectionState | undefined): Promise<void> {
  await person.tab.evaluate((pretended) => {
    const connection = (window as unknown as Window).watched_resources.connections.at(-1);
    if (!connection) throw new Error('no connection');
    if (pretended) Object.defineProperty(connection, 'iceConnectionState', { value: pretended, configurable: true });
    else delete (connection as { iceConnectionState?: string }).iceConnectionState;
    connection.dispatchEvent(new Event('iceconnectionstatechange'));
  }, state);
}
