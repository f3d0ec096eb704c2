/** Parts of the page that are loaded when they are first wanted. */
import { useEffect, useState } from 'preact/hooks';

/** The module, once it is wanted and there; one that cannot be loaded is asked for again when it is wanted again. */
export function useLazy<T>(wanted: boolean, load: () => Promise<T>): T | undefined {
  const [loaded, setLoaded] = useState<T>();
  useEffect(() => {
    if (!wanted || loaded) return;
    load().then(
      (module) => setLoaded(() => module),
      () => undefined,
    );
  }, [wanted]);
  return loaded;
}
