import { asapScheduler, type Observable, observeOn, of, retry, Subject, take, throwError } from 'rxjs';
import { WireError } from '../errors.js';
import type { Wire } from '../transport/transport.js';
import { asBytes, joined } from './bytes.js';
import { parseDiagram, parseSpan, type Timed, type Values } from './diagram.js';
import type { VirtualTime } from './virtual-time.js';

/** A side that knows no protocol: it sends the bytes that it is told to, when it is told to, and notes what it gets. */
export interface RawPeer {
  readonly name: string;
  /**
   * Sends the bytes of a diagram, on the test's ruler: `|` is FIN, `#` is RST. What is due before the wire is up goes out as soon as it is.
   *
   *     peer.sends("a-'hi'-<00 02>-|", { a: hex`ff` })
   */
  sends(diagram: string, values?: Values<Uint8Array | string>): RawPeer;
  /**
   * Sends the bytes of a diagram that begins when so many bytes have come in all, the end being one more; with 0, when the wire is up.
   *
   *     peer.answers(4, "-'yes'")      a millisecond after the fourth byte
   */
  answers(afterBytes: number, diagram: string, values?: Values<Uint8Array | string>): RawPeer;
  /** Does not read from `^` to `!`, so that windows and buffers fill. */
  pauses(span: string): RawPeer;
  /** The chunks as they come; ends as the wire does. For peers that answer. */
  readonly bytes$: Observable<Uint8Array>;
  /** Writes now. */
  write(bytes: Uint8Array): void;
  /** FIN, behind what was written. */
  end(): void;
  /** RST. */
  reset(): void;
}

/** A raw peer, and what the test sees of it. */
export interface PeerInside {
  readonly peer: RawPeer;
  readonly sent: readonly Timed[];
  readonly received: readonly Timed[];
  /** Whether it has more to say, for which its wire, or what it is to answer, has never come. */
  isSilenced(): boolean;
  /** Leaves, as a process does that ends. */
  hangUp(): void;
}

export function rawPeer(time: VirtualTime, name: string, wire$: Observable<Wire>): PeerInside {
  const sent: Timed[] = [];
  const received: Timed[] = [];
  const bytes = new Subject<Uint8Array>();
  const whenUp: ((wire: Wire) => void)[] = [];
  const answers: { readonly afterBytes: number; readonly speak: () => void }[] = [];
  let up: Wire | undefined;
  let heard = 0;

  const note = (into: Timed[], notification: Timed['notification']) =>
    into.push({ frame: time.now, notification });
  const act = (action: (wire: Wire) => void) => (up ? action(up) : whenUp.push(action));
  const at = (frame: number, action: () => void) =>
    time.scheduler.schedule(action, Math.max(frame - time.now, 0));

  const hear = (bytes: number) => {
    heard += bytes;
    while (answers[0] && up && answers[0].afterBytes <= heard) answers.shift()?.speak();
  };

  const failed = (error: unknown) => {
    note(received, { kind: 'E', error });
    bytes.error(error);
  };
  const dialling = wire$.subscribe({
    next: (wire) => {
      up = wire;
      wire.bytes$.subscribe({
        next: (chunk) => {
          note(received, { kind: 'N', value: chunk });
          bytes.next(chunk);
          hear(chunk.length);
        },
        complete: () => {
          note(received, { kind: 'C' });
          bytes.complete();
          hear(1);
        },
        error: failed,
      });
      for (const action of whenUp.splice(0)) action(wire);
      hear(0);
    },
    error: failed,
  });

  const write = (chunk: Uint8Array) =>
    act((wire) => {
      note(sent, { kind: 'N', value: chunk });
      wire.write(chunk, () => {});
    });
  const end = () =>
    act((wire) => {
      note(sent, { kind: 'C' });
      wire.end(() => {});
    });
  const reset = () =>
    act((wire) => {
      note(sent, { kind: 'E', error: 'reset' });
      wire.destroy({ reset: true });
    });

  /** Says a diagram that begins at a frame. */
  const say = (diagram: readonly Timed<Uint8Array | string>[], from: number) => {
    for (const { frame, notification } of diagram) {
      if (notification.kind === 'N') at(from + frame, () => write(asBytes(notification.value)));
      else at(from + frame, notification.kind === 'C' ? end : reset);
    }
  };

  const peer: RawPeer = {
    name,
    sends(diagram, values) {
      say(parseDiagram<Uint8Array | string>(diagram, values), 0);
      return peer;
    },
    answers(afterBytes, diagram, values) {
      const marks = parseDiagram<Uint8Array | string>(diagram, values);
      answers.push({ afterBytes, speak: () => say(marks, time.now) });
      hear(0);
      return peer;
    },
    pauses(span) {
      const { subscribedFrame, unsubscribedFrame } = parseSpan(span);
      if (!Number.isFinite(subscribedFrame) || unsubscribedFrame < subscribedFrame)
        throw new TypeError(`A pause begins with "^", and may end with "!" behind it, not ${span}`);
      at(subscribedFrame, () => act((wire) => wire.pause()));
      if (Number.isFinite(unsubscribedFrame)) at(unsubscribedFrame, () => act((wire) => wire.resume()));
      return peer;
    },
    bytes$: bytes.asObservable(),
    write,
    end,
    reset,
  };
  return {
    peer,
    sent,
    received,
    isSilenced: () => whenUp.length > 0 || answers.length > 0,
    hangUp() {
      dialling.unsubscribe();
      up?.destroy();
    },
  };
}

/** Dials as soon as somebody listens, if it is still the millisecond in which the test began. */
export function patiently(time: VirtualTime, wire$: Observable<Wire>): Observable<Wire> {
  const isEarly = (error: unknown, count: number) =>
    error instanceof WireError && error.code === 'connection-refused' && count < 8 && time.now === 0;
  const delay = (error: unknown, count: number) =>
    isEarly(error, count) ? of(0).pipe(observeOn(asapScheduler)) : throwError(() => error);
  return wire$.pipe(retry({ delay }));
}

/** Gives out the wires of a listener one by one: whoever asks first gets the first. */
export function oneByOne(wires$: Observable<Wire>): { readonly next: () => Observable<Wire>; close(): void } {
  const waiting: Subject<Wire>[] = [];
  const come: Wire[] = [];
  const listening = wires$.subscribe({
    next: (wire) => {
      const first = waiting.shift();
      if (first) first.next(wire);
      else come.push(wire);
    },
    error: (error) => {
      for (const each of waiting.splice(0)) each.error(error);
    },
  });
  return {
    next() {
      const early = come.shift();
      if (early) return of(early);
      const later = new Subject<Wire>();
      waiting.push(later);
      return later.pipe(take(1));
    },
    close: () => listening.unsubscribe(),
  };
}

/** What one frame brought, as one piece: where it was cut does not matter. */
export function byFrame(marks: readonly Timed[]): Timed[] {
  const out: Timed[] = [];
  for (const mark of marks.map(plainMark)) {
    const last = out.at(-1);
    if (last?.frame === mark.frame && last.notification.kind === 'N' && mark.notification.kind === 'N') {
      const value = joined([last.notification.value as Uint8Array, mark.notification.value as Uint8Array]);
      out[out.length - 1] = { frame: mark.frame, notification: { kind: 'N', value } };
    } else out.push(mark);
  }
  return out;
}

/** All bytes and the end, as if they had come at once. */
export function atOnce(marks: readonly Timed[]): Timed[] {
  return byFrame(marks.map((mark) => ({ ...mark, frame: 0 })));
}

/** Texts as bytes, and every reset alike. */
export function plainMark({ frame, notification }: Timed): Timed {
  if (notification.kind === 'N')
    return { frame, notification: { kind: 'N', value: asBytes(notification.value as Uint8Array | string) } };
  return { frame, notification: notification.kind === 'C' ? { kind: 'C' } : { kind: 'E', error: 'reset' } };
}
