/** Waits for the page while it is hidden; see `alarm.ts`. */
let timer: ReturnType<typeof setTimeout> | undefined;

self.onmessage = ({ data }: MessageEvent<number | undefined>) => {
  clearTimeout(timer);
  if (data !== undefined) timer = setTimeout(() => self.postMessage(null), data);
};
