import { asyncScheduler } from 'rxjs';
import type { Connection } from '../connection/connection.js';
import { hexOf } from '../testing/bytes.js';
import { recordedConnection } from '../testing/record-connection.js';
import type { Row, Scene } from '../testing/scene.js';

/** One message of a recorded conversation. */
export interface Said {
  /** When: milliseconds from the first connection on. */
  readonly ms: number;
  /** On which connection, counted from 1. */
  readonly wire: number;
  readonly from: 'us' | 'peer';
  readonly message: Uint8Array;
}

/** A conversation, as it was recorded. */
export interface Recorded {
  readonly role: 'listen' | 'connect';
  readonly framing: string;
  readonly said: readonly Said[];
  /** Whether it went on after that. */
  readonly cut: boolean;
}

export interface Tape extends Recorded {
  /** The connection to use in place of this one. */
  connection(connection: Connection, name: string): Connection;
  /** What was said so far, as a diagram: a row for each side of each connection. */
  scene(): Scene;
}

/** So much is kept; what comes behind it is not. */
const maxMessages = 10_000;
const maxBytes = 64 * 1_024 * 1_024;

/** Records connections: a message of ours when it is taken, one of theirs when it is read. */
export function tape(role: Recorded['role'], framing: string): Tape {
  const said: Said[] = [];
  const names: string[] = [];
  let start: number | undefined;
  let bytes = 0;
  let cut = false;

  const note = (wire: number, from: Said['from'], message: Uint8Array) => {
    const now = asyncScheduler.now();
    start ??= now;
    bytes += message.length;
    cut ||= said.length >= maxMessages || bytes > maxBytes;
    if (!cut) said.push({ ms: Math.round(now - start), wire, from, message: message.slice() });
  };

  return {
    role,
    framing,
    said,
    get cut() {
      return cut;
    },
    connection(connection, name) {
      const wire = names.push(name);
      start ??= asyncScheduler.now();
      return recordedConnection(connection, (row, _, notification) => {
        if (notification.kind !== 'N' || !(notification.value instanceof Uint8Array)) return;
        if (row === 'messages') note(wire, 'peer', notification.value);
        if (row === 'sends') note(wire, 'us', notification.value);
      });
    },
    scene: () => sceneOf({ role, framing, said, cut }, names),
  };
}

/** A diagram of a conversation. */
export function sceneOf({ role, framing, said, cut }: Recorded, names: readonly string[]): Scene {
  const rows = names.flatMap((name, index): Row[] => {
    const marksOf = (from: Said['from']) =>
      said
        .filter(({ wire, from: who }) => wire === index + 1 && who === from)
        .map(({ ms, message }) => ({ frame: ms, notification: { kind: 'N', value: message } as const }));
    return [
      { name: `${name} →`, kind: 'wire', marks: marksOf('peer') },
      { name: `${name} ←`, kind: 'expected', marks: marksOf('us') },
    ];
  });
  return { title: `${role}, ${framing}${cut ? ', cut short' : ''}`, rows };
}

/** All of it in lines that `readRecorded` reads. */
export function writeRecorded({ role, framing, said, cut }: Recorded): string {
  const lines = said.map(({ ms, wire, from, message }) => ({
    ms,
    wire,
    from,
    hex: hexOf(message).replaceAll(' ', ''),
  }));
  return [{ recording: 1, role, framing, cut }, ...lines].map((line) => JSON.stringify(line)).join('\n');
}
