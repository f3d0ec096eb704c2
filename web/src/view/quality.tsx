/** How good a connection is: three bars with the numbers behind them, and the line after the call. */
import type { Level, Quality, Summary } from '../call/quality.ts';
import { t } from '../i18n/index.ts';

const BARS: Record<Level, number> = { good: 3, fair: 2, poor: 1 };

export function QualityBars({ quality }: { quality: Quality | undefined }) {
  if (!quality) return null;
  const words = qualityWords(quality);
  return (
    <span class={`quality ${quality.level}`} data-testid="quality" data-level={quality.level} title={words}>
      <svg class="quality-bars" viewBox="0 0 16 14" role="img" aria-label={words}>
        {[0, 1, 2].map((bar) => (
          <rect
            key={bar}
            class={bar < BARS[quality.level] ? 'lit' : 'unlit'}
            x={1 + bar * 5}
            y={9 - bar * 4}
            width="4"
            height={4 + bar * 4}
            rx="1"
          />
        ))}
      </svg>
    </span>
  );
}

/** The level and its numbers, each rounded to what can be told apart. */
export function qualityWords({ level, loss_percent, rtt_ms, jitter_ms, freeze_ms }: Quality): string {
  const parts = [t(`quality.${level}`), t('quality.loss', { percent: loss_percent.toFixed(1) })];
  if (rtt_ms !== undefined) parts.push(t('quality.rtt', { ms: Math.round(rtt_ms) }));
  parts.push(t('quality.jitter', { ms: Math.round(jitter_ms) }));
  if (freeze_ms >= 100) parts.push(t('quality.freeze', { seconds: (freeze_ms / 1000).toFixed(1) }));
  return parts.join(' · ');
}

/** The connection of a whole call in a sentence; undefined when there was nobody to connect to. */
export function summaryWords({ quality }: Summary): string | undefined {
  return quality && t(`summary.${quality.level}`, { percent: quality.good_percent });
}
