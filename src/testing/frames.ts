import type { ObservableNotification } from 'rxjs';
import { show } from './bytes.js';

/** A notification and the virtual millisecond it came at, as `TestScheduler` records it. */
interface TimedNotification {
  readonly frame: number;
  readonly notification: ObservableNotification<unknown>;
}

/** The judge of a `TestScheduler`: compares what happened with what was drawn, by value, and throws an `Error` that shows both. */
export function expectFrames(actual: unknown, expected: unknown): void {
  if (same(actual, expected)) return;
  throw new Error(`\n  expected  ${draw(expected)}\n  received  ${draw(actual)}`);
}

function draw(frames: unknown): string {
  if (!Array.isArray(frames)) return String(frames);
  if (frames.length === 0) return '(nothing)';
  return frames.map(isTimed(frames) ? drawNotification : (frame) => JSON.stringify(frame)).join('  ');
}

function isTimed(frames: readonly unknown[]): frames is readonly TimedNotification[] {
  return frames.every((frame) => typeof frame === 'object' && frame !== null && 'notification' in frame);
}

function drawNotification({ frame, notification }: TimedNotification): string {
  if (notification.kind === 'C') return `${frame}ms |`;
  const text =
    notification.kind === 'N' ? drawValue(notification.value) : `# ${drawValue(notification.error)}`;
  return `${frame}ms ${text}`;
}

function drawValue(value: unknown): string {
  if (value instanceof Uint8Array) return show(value);
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  return typeof value === 'string' ? `'${value}'` : (JSON.stringify(value) ?? String(value));
}

/** Equality by value. An expected error may name only what matters: its class and its code, or its message. */
export function same(actual: unknown, expected: unknown): boolean {
  if (Object.is(actual, expected)) return true;
  if (!isObject(actual) || !isObject(expected)) return false;
  if (actual instanceof Uint8Array && expected instanceof Uint8Array) return sameBytes(actual, expected);
  if (Object.getPrototypeOf(actual) !== Object.getPrototypeOf(expected) && !(actual instanceof Error))
    return false;
  if (actual instanceof Error) return sameError(actual, expected);
  const keys = new Set([...Object.keys(actual), ...Object.keys(expected)]);
  return [...keys].every((key) => same(actual[key], expected[key]));
}

function sameBytes(actual: Uint8Array, expected: Uint8Array): boolean {
  return actual.length === expected.length && actual.every((byte, index) => byte === expected[index]);
}

function sameError(actual: object, expected: Readonly<Record<string, unknown>>): boolean {
  const { name, code, message } = actual as Error & { code?: unknown };
  if (!(expected instanceof Error))
    return Object.keys(expected).every((key) => same((actual as never)[key], expected[key]));
  const wanted = expected as Error & { code?: unknown };
  return (
    name === wanted.name && code === wanted.code && (wanted.code !== undefined || message === wanted.message)
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
