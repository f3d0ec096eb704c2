/** What stands for somebody without a picture: their initials on a colour of their own. */

/** How many colours the style sheet has. */
const COLOURS = 6;

/** The same id has the same colour everywhere. */
export function Face({ id, name }: { id: string; name: string }) {
  return (
    <span class={`face colour-${colourOf(id)}`} aria-hidden="true">
      {initials(name)}
    </span>
  );
}

/** The first letters of the first and the last word, by what a reader sees as one letter. */
function initials(name: string): string {
  const words = name.split(/\s+/).filter((word) => word !== '');
  const ends = words.length > 1 ? [words[0], words.at(-1)] : words;
  const segmenter = new Intl.Segmenter();
  const firsts = ends.map((word) => [...segmenter.segment(word ?? '')][0]?.segment ?? '');
  return firsts.join('').toUpperCase();
}

function colourOf(id: string): number {
  return [...id].reduce((hash, letter) => (hash * 31 + letter.charCodeAt(0)) % 65_521, 7) % COLOURS;
}
