import {
  concat,
  defer,
  finalize,
  firstValueFrom,
  from,
  ignoreElements,
  Observable,
  race,
  Subject,
  type Subscriber,
  timer,
} from 'rxjs';
import { WireError, type WireErrorCode } from '../../../src/errors.js';
import type { Transport, Wire, WireClosed } from '../../../src/transport/transport.js';
import { type WebSocketOptions, webSocket } from '../../../src/websocket/browser.js';
import type { Told } from './far-side.js';

/** The part of a page that is used here: its types are not those of Node. */
interface Page {
  readonly location: { readonly origin: string; readonly hostname: string; readonly port: string };
  readonly XMLHttpRequest: new () => {
    open(method: string, path: string, async: boolean): void;
    send(body?: Uint8Array): void;
  };
}

const { location, XMLHttpRequest } = globalThis as unknown as Page;

type Failure = { readonly code: string; readonly message: string };

const errorOf = (error?: Failure) => error && new WireError(error.code as WireErrorCode, error.message);

/** A request that is waited for: when it returns, what it asked for has happened. */
function call(what: string, query: string, bytes?: Uint8Array): void {
  const request = new XMLHttpRequest();
  request.open('POST', `/${what}?${query}`, false);
  request.send(bytes);
}

interface FarWire {
  readonly wire: Wire;
  hear(what: Told, bytes: Uint8Array): void;
}

function farWire(id: number, { local, remote }: Extract<Told, { type: 'wire' }>): FarWire {
  const closed = new Subject<WireClosed>();
  let outcome: WireClosed | undefined;
  let reader: Subscriber<Uint8Array> | undefined;
  let claimed = false;
  const calls: ((error?: WireError) => void)[] = [];
  const next = (done: (error?: WireError) => void) => calls.push(done) - 1;
  const unsaid: Uint8Array[] = [];

  /** What one turn writes is one request, and is written in one turn there, too. */
  const sayWrites = () => {
    const first = calls.length - unsaid.length;
    if (unsaid.length > 0) call('write', `wire=${id}&call=${first}`, inPieces(unsaid.splice(0)));
  };
  const say = (what: string, query = '') => {
    sayWrites();
    call(what, `wire=${id}${query}`);
  };

  return {
    hear(what, bytes) {
      if (what.type === 'chunk') reader?.next(bytes);
      else if (what.type === 'complete') reader?.complete();
      else if (what.type === 'error') reader?.error(errorOf(what.error));
      else if (what.type === 'done') calls[what.call]?.(errorOf(what.error));
      else if (what.type === 'closed') {
        const error = errorOf(what.error);
        outcome = error ? { error } : {};
        closed.next(outcome);
        closed.complete();
      }
    },
    wire: {
      local,
      remote,
      keepsChunks: true,
      halfClose: false,
      bytes$: new Observable((subscriber) => {
        if (claimed) return subscriber.error(new TypeError('The bytes of a wire have one subscriber'));
        claimed = true;
        reader = subscriber;
        say('read');
        return () => {
          reader = undefined;
        };
      }),
      write(bytes, done) {
        if (unsaid.length === 0) queueMicrotask(sayWrites);
        next(done);
        unsaid.push(bytes);
        return false;
      },
      end(done) {
        sayWrites();
        say('end', `&call=${next(done)}`);
      },
      pause: () => say('pause'),
      resume: () => say('resume'),
      destroy: ({ reset = false } = {}) => say('destroy', `&reset=${reset}`),
      closed$: new Observable((subscriber) => {
        if (outcome) subscriber.next(outcome);
        return closed.subscribe(subscriber);
      }),
    },
  };
}

/** Each piece behind its size. */
function inPieces(pieces: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + 4 + length, 0));
  let at = 0;
  for (const piece of pieces) {
    new DataView(all.buffer).setUint32(at, piece.length);
    all.set(piece, at + 4);
    at += 4 + piece.length;
  }
  return all;
}

/** The bytes of the far side's own WebSocket: a size, a head in JSON, a body. */
function read(data: ArrayBuffer): { readonly what: Told; readonly bytes: Uint8Array } {
  const headBytes = new DataView(data).getUint32(0);
  const what = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, headBytes))) as Told;
  return { what, bytes: new Uint8Array(data, 4 + headBytes) };
}

/** Who dials in the contract: the page, or, as far as it can tell, the far side. */
export type Role = 'caller' | 'callee';

/** A transport with the page's wires at one end, and the far side's at the other. It must be opened once. */
export async function pageTransport(options: WebSocketOptions, role: Role): Promise<Transport> {
  const far = new Map<number, FarWire>();
  const accepted = new Subject<Wire>();
  const events = new WebSocket(`${location.origin.replace('http', 'ws')}/events`);
  events.binaryType = 'arraybuffer';
  await new Promise((open) => {
    events.onopen = open;
  });
  events.onmessage = ({ data }) => {
    const { what, bytes } = read(data as ArrayBuffer);
    if (what.type === 'wire') {
      const made = farWire(what.wire, what);
      far.set(what.wire, made);
      accepted.next(made.wire);
    } else far.get(what.wire)?.hear(what, bytes);
  };
  const page = webSocket(options);
  const bound = { host: location.hostname, port: Number(location.port) };
  const called = new Subject<Wire>();
  let turn: Promise<void> = Promise.resolve();
  const call$ = defer(() => {
    const met = firstValueFrom(race(accepted, timer(100)));
    return concat(page.dial('/wires'), from(met).pipe(ignoreElements()));
  });

  return {
    listen: (_, { openObserver } = {}) =>
      new Observable((subscriber) => {
        queueMicrotask(() => openObserver?.next(bound));
        return (role === 'caller' ? accepted : called).subscribe(subscriber);
      }),
    dial: () => inTurn(role === 'caller' ? call$ : beCalled()),
  };

  /** One after the other: of two at once nobody could tell whose wire is whose. */
  function inTurn(dial$: Observable<Wire>): Observable<Wire> {
    return new Observable((subscriber) => {
      const mine = turn.then(
        () => new Promise<void>((over) => void dial$.pipe(finalize(over)).subscribe(subscriber)),
      );
      turn = mine;
    });
  }

  /** The page dials all the same, and its wire is the one that was accepted. */
  function beCalled(): Observable<Wire> {
    return new Observable((subscriber) => {
      let theirs: Wire | undefined;
      let ours: Wire | undefined;
      const meet = () => {
        if (!theirs || !ours) return;
        subscriber.next(theirs);
        called.next(ours);
        subscriber.complete();
      };
      subscriber.add(
        accepted.subscribe((wire) => {
          theirs ??= wire;
          meet();
        }),
      );
      subscriber.add(
        page.dial('/wires').subscribe((wire) => {
          ours = wire;
          meet();
        }),
      );
    });
  }
}
