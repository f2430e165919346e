/** Of each end, what a trimmed mean leaves out. */
const TRIMMED = 0.2;

export function median(values) {
  const sorted = ascending(values);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Median and range. */
export function summary(values) {
  return { median: median(values), least: Math.min(...values), most: Math.max(...values) };
}

/** The mean without the highest and the lowest fifth, and its standard error (by the winsorized deviation). */
export function trimmedMean(values) {
  const sorted = ascending(values);
  const cut = Math.floor(sorted.length * TRIMMED);
  const kept = sorted.slice(cut, sorted.length - cut);
  const winsorized = sorted.map((value) => Math.min(Math.max(value, kept[0]), kept.at(-1)));
  const share = kept.length / sorted.length;
  return { mean: mean(kept), error: deviation(winsorized) / (share * Math.sqrt(sorted.length)) };
}

function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function deviation(values) {
  const middle = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - middle) ** 2, 0);
  return Math.sqrt(squares / Math.max(values.length - 1, 1));
}

function ascending(values) {
  return [...values].sort((a, b) => a - b);
}
