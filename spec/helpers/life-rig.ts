import {
  type Connection,
  type Framing,
  type FramingMachine,
  type FramingPort,
  type FramingTalk,
  hold,
  ProtocolError,
  queueFrames,
  WireError,
  wholeChunks,
} from 'rx-tinyproto';
import { AsyncSubject, asyncScheduler, Subject, type Subscription } from 'rxjs';
import { ChunkQueue } from '../../src/bytes/chunk-queue.js';
import { Budget } from '../../src/connection/budget.js';
import { HostedCore } from '../../src/connection/hosted-core.js';
import { openConnection } from '../../src/connection/open-connection.js';
import { connectionSettings } from '../../src/connection/options.js';
import type { Frame } from '../../src/outbox/frame.js';
import { together } from '../../src/outbox/open-outbox.js';
import type { Wire, WireClosed } from '../../src/transport/transport.js';
import { closeTimeoutMs, type Deed, type Kind, type Seen } from './life-model.js';

const openingByte = new Uint8Array([0xff]);
const messages = [new Uint8Array([0x61]), new Uint8Array([0x62])];

/** A connection whose peer, road and owner are this spec, and what is seen of it. */
export class LifeRig {
  readonly #road = { isFree: false };
  readonly #bytes$ = new Subject<Uint8Array>();
  readonly #closed$ = new AsyncSubject<WireClosed>();
  readonly #opening: Subscription;
  readonly #began = asyncScheduler.now();
  #connection: Connection | undefined;
  #machine: WaitingMachine | undefined;
  #sends: string[] = [];
  #ends: string[] = [];
  #wrote = '';
  #heard = '';
  #closed = '';
  #came = 0;
  #letGo: (() => void) | undefined = () => {};
  #holds = true;

  constructor({ halfClose, allowHalfOpen, waits, hosted }: Kind) {
    const framing: Framing = waits
      ? {
          ...wholeChunks(),
          halfClose,
          open: (port) => {
            this.#machine = new WaitingMachine(port, this.#road);
            return this.#machine;
          },
        }
      : wholeChunks();
    const settings = {
      ...connectionSettings<Uint8Array, Uint8Array>({ framing }, { allowHalfOpen, closeTimeoutMs }),
      ...(hosted && { Core: HostedCore, budget: new Budget(1_000), outbox: together }),
    };
    this.#opening = openConnection(this.#wire(!hosted), settings).subscribe({
      next: (connection) => {
        this.#connection = connection;
        connection.closed$.subscribe(({ by, error, dropped }) => {
          this.#closed = `${by} ${codeOf(error) ?? 'clean'} at ${this.#now}, ${dropped.messages} dropped`;
        });
      },
      error: (error) => {
        this.#closed = `error ${codeOf(error)} at ${this.#now}, 0 dropped`;
      },
    });
  }

  get seen(): Seen {
    return {
      wrote: this.#wrote,
      sends: this.#sends.join(''),
      ends: this.#ends.join(''),
      heard: this.#heard,
      closed: this.#closed,
    };
  }

  do(deed: Deed): void {
    this.#deeds[deed]();
  }

  get #now(): number {
    return asyncScheduler.now() - this.#began;
  }

  readonly #deeds: Record<Deed, () => void> = {
    opened: () => this.#bytes$.next(openingByte),
    message: () => this.#bytes$.next(messages[this.#came++] as Uint8Array),
    peerEnd: () => this.#bytes$.complete(),
    lost: () => this.#ended({ error: new WireError('reset', 'RST') }),
    gone: () => this.#ended({}),
    road: () => {
      this.#road.isFree = true;
      this.#machine?.port.turn();
    },
    send: () => noted(this.#sends, this.#connection?.send(new Uint8Array([0x6d]))),
    end: () => noted(this.#ends, this.#connection?.end()),
    close: () => this.#connection?.close().subscribe(),
    destroy: () => (this.#connection ? this.#connection.destroy() : this.#opening.unsubscribe()),
    read: () => {
      this.#connection?.messages$.subscribe({
        next: ([byte = 0]) => {
          this.#heard += String.fromCharCode(byte);
          if (!this.#holds) return;
          const held = hold();
          this.#letGo = () => held.release();
        },
        error: (error) => {
          this.#heard += `!${codeOf(error)}`;
        },
        complete: () => {
          this.#heard += '|';
        },
      });
    },
    letGo: () => {
      this.#holds = false;
      this.#letGo?.();
    },
  };

  #ended(how: WireClosed): void {
    this.#closed$.next(how);
    this.#closed$.complete();
  }

  #wire(keepsChunks: boolean): Wire {
    return {
      local: { host: '', port: 0 },
      remote: { host: '', port: 0 },
      keepsChunks,
      bytes$: this.#bytes$,
      closed$: this.#closed$,
      write: (bytes) => {
        this.#wrote += String.fromCharCode(...bytes);
        return true;
      },
      pause() {},
      resume() {},
      end: () => {
        this.#wrote += '|';
      },
      destroy() {},
    };
  }
}

/** A framing that opens when the peer says so, and lets nothing begin while the road is busy. */
class WaitingMachine implements FramingMachine, FramingTalk {
  readonly talk = this;
  readonly port: FramingPort;
  readonly midFrame = false;
  dropped = { messages: 0, bytes: 0 };
  #road: { readonly isFree: boolean };
  #chunks = new ChunkQueue();
  #isOpen = false;
  #isClosed = false;

  constructor(port: FramingPort, road: { readonly isFree: boolean }) {
    this.port = port;
    this.#road = road;
    queueFrames(port);
  }

  get unreadBytes(): number {
    return this.#chunks.unreadBytes;
  }

  push(chunk: Uint8Array): void {
    if (!this.#isOpen) this.port.ready();
    else if (this.#isClosed) this.#drop(1);
    else this.#chunks.push(chunk);
    this.#isOpen = true;
  }

  read(): Uint8Array | undefined {
    return this.#chunks.shift();
  }

  end(): void {}

  rest(): readonly Uint8Array[] {
    return this.#chunks.rest();
  }

  start(): void {}

  canBegin(): boolean {
    return this.#road.isFree;
  }

  begin({ body }: Frame): void {
    this.port.out.write?.(body, true);
    this.port.out.outcome?.('taken');
  }

  progress(): void {}

  receiveEnd(): void {
    if (!this.#isOpen) this.port.fail(new ProtocolError('cut-short', 'The peer ended before the opening'));
  }

  close(): void {
    this.#isClosed = true;
    while (this.read()) this.#drop(1);
  }

  tryEnd(): boolean {
    return true;
  }

  #drop(messages: number): void {
    this.dropped = { messages: this.dropped.messages + messages, bytes: this.dropped.bytes + messages };
  }
}

function noted(list: string[], outcome$: ReturnType<Connection['send']> | undefined): void {
  const at = list.push('.') - 1;
  outcome$?.subscribe({
    error: () => {
      list[at] = 'x';
    },
    complete: () => {
      list[at] = 'v';
    },
  });
}

const codeOf = (error: unknown): string | undefined =>
  (error as { readonly code?: string } | undefined)?.code;
