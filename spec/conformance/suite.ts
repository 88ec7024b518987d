import type { Connection, ListenOptions } from 'rx-tinyproto';
import type { Observable } from 'rxjs';
import type { Presence } from '../helpers/presence.js';
import type { Book } from './book.js';
import type { Road } from './roads.js';
import type { Limits, Step, Tongue } from './words.js';

export type Side = 'server' | 'client';
export const sides: readonly Side[] = ['server', 'client'];
export type RoadName = 'virtual' | 'TCP' | 'Unix socket';
export type CutName = 'whole' | 'byte by byte' | 'at random';
export const cuts: readonly CutName[] = ['whole', 'byte by byte', 'at random'];

/** What our side does with a connection. */
export interface App {
  (connection: Connection, book: Book): Observable<unknown>;
  /** What a Python peer is told so that it does the same, if it can. */
  readonly python?: { readonly do: string; readonly messages?: readonly (string | number)[] };
}

/** What is the same for everything that can be asked. */
interface Asked {
  /** Tells the scripts of one case apart. */
  readonly name?: string;
  readonly sides?: readonly Side[];
  /** Over which roads. By default the virtual one and TCP. */
  readonly roads?: readonly RoadName[];
  /** Reports of RxJS about a user's own subscription without an error handler, exactly so many. */
  readonly reports?: number;
  /** Takes its time: not among the few that run with every change; `very`: only when everything runs. */
  readonly heavy?: true | 'very';
  /** A program from outside that it needs: without it, it is skipped, and says so. */
  readonly needs?: () => Presence;
  /** What buffers may grow to on a real road while it runs, in bytes. By default it is asked only what is left: 8 MiB. */
  readonly bufferBytes?: number;
}

/** A raw peer, what our side does, and what comes of it. */
export interface Script extends Asked {
  readonly peer: readonly Step[];
  /** By default it reads. */
  readonly ours?: App;
  readonly limits?: Limits;
  readonly options?: Pick<
    ListenOptions,
    | 'maxQueuedBytes'
    | 'maxQueuedMessages'
    | 'writeTimeoutMs'
    | 'closeTimeoutMs'
    | 'messageTimeoutMs'
    | 'allowHalfOpen'
  > &
    Partial<Pick<ListenOptions, 'claimTimeoutMs' | 'maxInboundBytes'>>;
  /** How our connection ends, or one of these: `by` of `closed$`, and the code of its error. `opening …` where it never came up; `whatever` is any. */
  readonly ends: string | readonly string[];
  /** How many of the messages that the peer has said whole are delivered. `prefix`: any number of them; `whatever`: it says more than messages. By default all. */
  readonly delivers?: number | 'all' | 'prefix' | 'whatever';
  /** What became of our sends, in order: `taken`, or the fate and the code of its error; a pattern that allows nothing allows none. By default each is taken. */
  readonly sends?: readonly (string | RegExp)[] | 'any';
  /** How the peer sees us end. By default it does not matter. */
  readonly sees?: 'fin' | 'rst';
  /** How long our connection lives, in milliseconds. */
  readonly lastsMs?: readonly [least: number, most: number];
  readonly cuts?: readonly CutName[];
  /** Which tongues can take part. By default tinyproto alone. */
  readonly tongues?: readonly Tongue[];
}

/** A case that needs more than one peer, or none: a program on a stage. It throws, or errors, if something is not so. */
export interface Play extends Asked {
  readonly plays: (stage: Stage) => Observable<unknown>;
}

export interface Stage {
  readonly road: Road;
  readonly book: Book;
}

/** A numbered fact, and what it is asked with. */
export interface Case {
  readonly title: string;
  readonly asked: readonly (Script | Play)[];
}

export interface Chapter {
  readonly number: number;
  readonly title: string;
  readonly cases: readonly Case[];
}

/** A case. Its number is its place in its chapter, so new ones come last. */
export const fact = (title: string, ...asked: readonly (Script | Play)[]): Case => ({ title, asked });

export const chapter = (number: number, title: string, cases: readonly Case[]): Chapter => ({
  number,
  title,
  cases,
});

export const isPlay = (asked: Script | Play): asked is Play => 'plays' in asked;
