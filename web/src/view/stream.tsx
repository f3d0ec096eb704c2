/** Elements that play a stream, and the one question a browser may ask before it lets sound out. */
import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { RemoteStreams } from '../effects/pairs.ts';
import { t } from '../i18n/index.ts';

/** Whether the browser holds sound back until the user has touched the page. */
const soundBlocked = signal(false);

export function Picture({
  stream,
  mirrored = false,
}: {
  stream: MediaStream | undefined;
  mirrored?: boolean;
}) {
  const element = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    if (element.current) element.current.srcObject = stream ?? null;
  }, [stream]);
  return <video ref={element} class={mirrored ? 'mirrored' : ''} autoPlay playsInline muted />;
}

/** Everything that is heard of one participant: the voice, and the sound of a shared screen. */
export function Sounds({ streams, speaker }: { streams: RemoteStreams | undefined; speaker: string }) {
  return (
    <>
      <Sound stream={streams?.sound} speaker={speaker} />
      <Sound stream={streams?.screenSound} speaker={speaker} />
    </>
  );
}

function Sound({ stream, speaker }: { stream: MediaStream | undefined; speaker: string }) {
  const element = useRef<HTMLAudioElement>(null);
  useEffect(() => {
    const audio = element.current;
    if (!audio || !('setSinkId' in audio) || audio.sinkId === speaker) return;
    // One that went away meanwhile leaves the sound where it was.
    audio.setSinkId(speaker).catch((error: unknown) => console.warn('the speaker was not taken', error));
  }, [speaker]);
  useEffect(() => {
    const audio = element.current;
    if (!audio) return;
    audio.srcObject = stream ?? null;
    if (stream) audio.play().catch(blocked);
  }, [stream]);
  return <audio ref={element} autoPlay />;
}

/** Shown only while sound is held back. */
export function TapToHear() {
  if (!soundBlocked.value) return null;
  const hear = () => {
    soundBlocked.value = false;
    for (const audio of document.querySelectorAll('audio')) audio.play().catch(blocked);
  };
  return (
    <button type="button" class="button primary" onClick={hear}>
      {t('call.hear')}
    </button>
  );
}

function blocked(error: unknown): void {
  // Anything else is a newer stream taking the element over.
  if (error instanceof DOMException && error.name === 'NotAllowedError') soundBlocked.value = true;
}
