import type { Framing } from 'rx-tinyproto';
import { joined } from '../../src/testing/bytes.js';
import { patterned } from '../helpers/python.js';

/** What a column of the report speaks: a framing of ours, and the bytes with which a raw peer speaks it. */
export interface Tongue {
  readonly name: string;
  /** The framing, with a bound for its messages if the case names one, and the waits of the case. */
  readonly framing: (limits: Limits) => Framing;
  /** What opens a conversation; empty where nothing does. */
  readonly opening: Uint8Array;
  /** What answers a header; empty where nothing does. */
  readonly ok: Uint8Array;
  /** What must be answered before the rest of a message may follow; empty where nothing must. */
  readonly header: (message: Uint8Array) => Uint8Array;
  /** The rest of a message. */
  readonly body: (message: Uint8Array) => Uint8Array;
}

/** What a case sets in the framing, whichever it is. */
export interface Limits {
  readonly maxMessageBytes?: number;
  readonly openingTimeoutMs?: number;
  readonly headerTimeoutMs?: number;
  readonly payloadTimeoutMs?: number;
  readonly payloadFloorBytesPerSecond?: number;
  readonly okTimeoutMs?: number;
  readonly mutualHoldTimeoutMs?: number;
  readonly duplex?: 'full' | 'half';
  readonly window?: number;
  readonly inboxSlots?: number;
  readonly extraSlots?: number;
  readonly maxUnconsumedMessages?: number;
  readonly maxUnconsumedBytes?: number;
  readonly quietMs?: number;
  readonly withhold?: boolean;
}

/** A message: itself, a text, or a pattern of so many bytes. */
export type Message = Uint8Array | string | number;

/** Bytes on their way, and the messages that are whole when so many of them have passed. */
export interface Said {
  readonly bytes: Uint8Array;
  readonly messages: readonly { readonly endsAt: number; readonly message: Uint8Array }[];
}

/** A word of a raw peer, in whatever tongue. */
export type Word = (tongue: Tongue) => Said;

export const messageBytes = (message: Message): Uint8Array =>
  message instanceof Uint8Array ? message : patterned(message);

const only = (bytes: Uint8Array): Said => ({ bytes, messages: [] });

/** What opens a conversation. */
export const opening: Word = (tongue) => only(tongue.opening);
/** What answers a header. */
export const ok: Word = (tongue) => only(tongue.ok);

/** What of a message waits for its answer. */
export const header =
  (message: Message): Word =>
  (tongue) =>
    only(tongue.header(messageBytes(message)));

/** The rest of a message; it is whole then. */
export const body =
  (message: Message): Word =>
  (tongue) => {
    const whole = messageBytes(message);
    const bytes = tongue.body(whole);
    return { bytes, messages: [{ endsAt: bytes.length, message: whole }] };
  };

/** A message, its header first. */
export const message = (whole: Message): Word => all(header(whole), body(whole));

/** Bytes as they are, in hexadecimal; blanks are left out. They count for no message. */
export const hex = (digits: string): Word => {
  const bytes = Uint8Array.from(Buffer.from(digits.replaceAll(' ', ''), 'hex'));
  return () => only(bytes);
};

/** The same bytes, where they are no message for who hears them. */
export const unwanted =
  (...words: readonly Word[]): Word =>
  (tongue) =>
    only(all(...words)(tongue).bytes);

/** Words one behind the other. */
export const all =
  (...words: readonly Word[]): Word =>
  (tongue) =>
    inOrder(words.map((word) => word(tongue)));

/** The first so many bytes of what is said; with a number below 0, all but the last of them. */
export const first =
  (count: number, ...words: readonly Word[]): Word =>
  (tongue) => {
    const { bytes, messages } = all(...words)(tongue);
    const cut = bytes.subarray(0, count);
    return { bytes: cut, messages: messages.filter(({ endsAt }) => endsAt <= cut.length) };
  };

/** What is left of it behind the first so many bytes. */
export const rest =
  (from: number, ...words: readonly Word[]): Word =>
  (tongue) => {
    const { bytes, messages } = all(...words)(tongue);
    return {
      bytes: bytes.subarray(from),
      messages: messages
        .filter(({ endsAt }) => endsAt > from)
        .map(({ endsAt, message }) => ({ endsAt: endsAt - from, message })),
    };
  };

/** The same words, again and again. */
export const times = (count: number, ...words: readonly Word[]): Word =>
  all(...Array.from({ length: count }, () => all(...words)));

/** What is said, one behind the other. */
export function inOrder(all: readonly Said[]): Said {
  let shift = 0;
  const messages = all.flatMap((said) => {
    const from = shift;
    shift += said.bytes.length;
    return said.messages.map(({ endsAt, message }) => ({ endsAt: endsAt + from, message }));
  });
  return { bytes: joined(all.map(({ bytes }) => bytes)), messages };
}

/** One thing that a raw peer does. */
export type Step =
  | { readonly does: 'says'; readonly word: Word }
  | { readonly does: 'hears'; readonly word: Word }
  | { readonly does: 'waits' | 'stalls'; readonly ms: number }
  | { readonly does: 'fin' | 'rst' | 'deafens' | 'listens' | 'hearsWhatever' };

/** Says this, in the cuts of the variant. */
export const says = (...words: readonly Word[]): Step => ({ does: 'says', word: all(...words) });
/** Waits until it has heard this behind what it heard before. All that a peer hears has to be named, unless nothing is. */
export const hears = (...words: readonly Word[]): Step => ({ does: 'hears', word: all(...words) });
/** From here on it does not matter what it hears. */
export const hearsWhatever: Step = { does: 'hearsWhatever' };
/** Lets time pass. */
export const waits = (ms: number): Step => ({ does: 'waits', ms });
/** Keeps the whole process busy: only for real roads. */
export const stalls = (ms: number): Step => ({ does: 'stalls', ms });
/** Says it byte by byte, with so much time between them. */
export const drips = (ms: number, bytes: number, ...words: readonly Word[]): Step[] =>
  Array.from({ length: bytes }, (_, at) => [says(first(1, rest(at, ...words))), waits(ms)]).flat();
/** Ends its direction in order. */
export const fin: Step = { does: 'fin' };
/** Resets the wire. */
export const rst: Step = { does: 'rst' };
/** Reads no more. */
export const deafens: Step = { does: 'deafens' };
/** Reads on. */
export const listens: Step = { does: 'listens' };
