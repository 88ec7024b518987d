/** A time as the platform's timers can have it. They know none above some 24 days, and take a longer one, `Infinity` above all, for a millisecond. */
export const timerMs = (ms: number): number => Math.min(ms, 2 ** 31 - 1);
