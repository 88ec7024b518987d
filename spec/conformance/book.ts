import { type Closed, type Connection, TinyprotoError, type Transport, type Wire } from 'rx-tinyproto';
import { BehaviorSubject, filter, map, Observable, ReplaySubject, take, tap } from 'rxjs';
import { witnessed } from './witness.js';

/** What became of a send of ours: `taken`, or the fate and the code of its error. */
export type Fate = 'unsettled' | 'left' | 'taken' | string;

/** Everything that happens on our side in one variant, and what of it may never be. */
export interface Book {
  /** What was delivered, in order. */
  readonly messages: Uint8Array[];
  readonly fates: Fate[];
  /** What may not be, whatever the case. */
  readonly faults: string[];
  /** How the connections ended, in the order of their beginning. */
  readonly endings: string[];
  /** The messages of a connection, written down as they come. */
  read(connection: Connection): Observable<Uint8Array>;
  /** A send of the connection, written down when it begins and when it settles. */
  send(connection: Connection, message: Uint8Array): Observable<void>;
  /** Any other Observable of ours, under its name. */
  watch<T>(name: string, source: Observable<T>): Observable<T>;
  /** Writes down how a connection ends. */
  opened(connection: Connection): void;
  /** Writes down why one never came up. */
  failed(error: unknown): void;
  /** Emits, and completes, when so many connections are over. */
  over(count: number): Observable<unknown>;
  /** The transport, with its wires written down. */
  wires(transport: Transport): Transport;
  /** Emits, and completes, when every wire has closed. */
  readonly allClosed$: Observable<unknown>;
  /** Looks at what must have happened once by now. */
  close(): void;
}

export function openBook(): Book {
  const messages: Uint8Array[] = [];
  const fates: Fate[] = [];
  const faults: string[] = [];
  const endings: string[] = [];
  const overs = new ReplaySubject<number>();
  const openWires = new BehaviorSubject(0);
  const wires: { closings: number }[] = [];
  const closings = new Map<string, number>();
  let begun = 0;
  let ended = 0;

  const watch = <T>(name: string, source: Observable<T>): Observable<T> =>
    witnessed(source, (what) => faults.push(`${name}: ${what}`));

  const end = (index: number, reason: string) => {
    endings[index] = reason;
    overs.next(++ended);
  };

  const tapped = (wire: Wire): Wire => {
    const note = { closings: 0 };
    wires.push(note);
    openWires.next(openWires.value + 1);
    watch('closed$ of a wire', wire.closed$).subscribe(() => {
      note.closings++;
      openWires.next(openWires.value - 1);
    });
    return wire;
  };

  return {
    messages,
    fates,
    faults,
    endings,
    watch,
    read: (connection) =>
      watch('messages$', connection.messages$).pipe(tap((message) => messages.push(message.slice()))),
    send(connection, message) {
      return new Observable((subscriber) => {
        const index = fates.push('unsettled') - 1;
        let inside = true;
        const settle = (fate: Fate) => {
          if (inside && fate === 'taken') faults.push('a send that is taken inside subscribe');
          if (fates[index] !== 'unsettled')
            faults.push(`a send that settles twice: ${fates[index]}, ${fate}`);
          fates[index] = fate;
        };
        const subscription = watch('send', connection.send(message)).subscribe({
          next() {
            settle('taken');
            subscriber.next();
          },
          error(error) {
            settle(fateOf(error));
            subscriber.error(error);
          },
          complete: () => subscriber.complete(),
        });
        inside = false;
        return () => {
          if (fates[index] === 'unsettled') fates[index] = 'left';
          subscription.unsubscribe();
        };
      });
    },
    opened(connection) {
      const index = begun++;
      watch('flow$', connection.flow$).subscribe();
      closings.set(connection.id, 0);
      watch('closed$', connection.closed$).subscribe((closed) => {
        closings.set(connection.id, (closings.get(connection.id) ?? 0) + 1);
        end(index, reasonOf(closed));
      });
    },
    failed: (error) => end(begun++, `opening ${codeOf(error)}`),
    over: (count) =>
      overs.pipe(
        filter((ended) => ended >= count),
        take(1),
      ),
    wires: (transport) => ({
      ...transport,
      listen: (address, options) => transport.listen(address, options).pipe(map(tapped)),
      dial: (address, options) => transport.dial(address, options).pipe(map(tapped)),
    }),
    allClosed$: openWires.pipe(
      filter((open) => open === 0),
      take(1),
    ),
    close() {
      if (wires.some((wire) => wire.closings !== 1))
        faults.push(`a wire that does not close once: ${wires.map(({ closings }) => closings)}`);
      if ([...closings.values()].some((count) => count !== 1))
        faults.push(`a connection that does not close once: ${[...closings.values()]}`);
      if (fates.includes('unsettled')) faults.push('a send that never settles');
      const nameless = endings.filter(
        (reason) => !/^(peer|us|(us|peer|error|opening) [a-z-]+)$/.test(reason),
      );
      if (nameless.length > 0) faults.push(`an end without a name: ${nameless}`);
    },
  };
}

const reasonOf = ({ by, error }: Closed): string => (error === undefined ? by : `${by} ${codeOf(error)}`);

export const codeOf = (error: unknown): string =>
  error instanceof TinyprotoError
    ? error.code
    : error instanceof Error
      ? error.name.toLowerCase()
      : String(error);

const fateOf = (error: unknown): Fate =>
  error !== null && typeof error === 'object' && 'fate' in error
    ? `${error.fate} ${codeOf(error)}`
    : codeOf(error);
