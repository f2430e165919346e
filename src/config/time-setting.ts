/** A date, or a date and time with its zone, as RFC 3339 has them. */
const DATE = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?$/;

/** Whether a value tells a time: epoch seconds, or a date (UTC) or date and time with its zone. */
export function isTimeSetting(value: string | number): boolean {
  return typeof value === 'number'
    ? value >= 0 && Number.isFinite(value)
    : DATE.test(value) && !Number.isNaN(Date.parse(value));
}

/** Epoch seconds of a value for which {@link isTimeSetting} holds. */
export function timeOf(value: string | number | undefined): number | undefined {
  return typeof value === 'string' ? Date.parse(value) / 1000 : value;
}
