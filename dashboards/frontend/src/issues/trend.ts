// Sparkline of an issue: bars as one SVG path, and the same in words. Pure.

/** An SVG path of bars, `width` by `height`; the tallest bar is the largest count, one event is never invisible. */
export function barPath(counts: readonly number[], width: number, height: number): string {
  const peak = Math.max(1, ...counts);
  const step = width / Math.max(counts.length, 1);
  const bar = Math.max(step - 1, step * 0.7);
  return counts
    .map((count, i) => {
      if (!(count > 0)) return "";
      const tall = Math.max(1.5, (count / peak) * height);
      return `M${(i * step).toFixed(2)} ${(height - tall).toFixed(2)}h${bar.toFixed(2)}V${height}h-${bar.toFixed(2)}z`;
    })
    .join("");
}

/** "312 events, most in the last hour, rising": what a sighted reader takes from the bars. */
export function trendText(counts: readonly number[], step_s: number): string {
  const total = counts.reduce((a, b) => a + b, 0);
  if (total === 0) return "no events in this range";
  const peak = counts.indexOf(Math.max(...counts));
  const ago = (counts.length - 1 - peak) * step_s;
  const half = Math.floor(counts.length / 2);
  const early = counts.slice(0, half).reduce((a, b) => a + b, 0);
  const late = total - early;
  const direction = late > early * 1.5 ? ", rising" : early > late * 1.5 ? ", falling" : ", steady";
  const when = peak === counts.length - 1 ? "now" : `${span(ago)} ago`;
  return `${total.toLocaleString("en")} ${total === 1 ? "event" : "events"}, peak of ${counts[peak]!.toLocaleString("en")} ${when}${direction}`;
}

function span(seconds: number): string {
  if (seconds >= 172_800) return `${Math.round(seconds / 86_400)} days`;
  if (seconds >= 5_400) return `${Math.round(seconds / 3_600)} hours`;
  return `${Math.max(1, Math.round(seconds / 60))} min`;
}
