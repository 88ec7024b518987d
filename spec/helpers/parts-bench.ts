import type { Framing, StreamingMachine, StreamingPort, Wait } from '../../src/framing/framing.js';
import { streamingMachines } from '../../src/framing/streaming-machines.js';
import { hexOf } from './decoded.js';

/** A machine of bodies in parts that has started, and what it does to its surroundings. */
export interface PartsBench {
  readonly machine: StreamingMachine;
  /** What it waits for, in milliseconds. */
  readonly waits: ReadonlyMap<Wait, number>;
  /** What has happened since the last look. */
  since(): string;
}

export function openInParts({ streams }: Framing): PartsBench {
  if (!streams) throw new TypeError('this framing has no bodies in parts');
  const log: string[] = [];
  const waits = new Map<Wait, number>();
  const port: StreamingPort = {
    write: (bytes, last) => log.push(hexOf(bytes) + (last ? '.' : '')),
    opened: () => log.push('opened'),
    outcome: (of) => log.push(of),
    fail: (error, { reset }) => log.push(`${error.code}${reset ? ' by reset' : ''}`),
    await: (wait, ms) => waits.set(wait, ms),
    settle: (wait) => waits.delete(wait),
    writeBody: () => log.push('body'),
  };
  const machine = streams.open(port, streamingMachines);
  machine.start();
  return { machine, waits, since: () => log.splice(0).join(' ') };
}
