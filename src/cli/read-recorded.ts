import { bytesOfHex } from '../testing/bytes.js';
import type { Recorded, Said } from './tape.js';

/** What a file of `--record` holds, text or picture. Throws an `Error` for a file that is none. */
export function readRecorded(text: string): Recorded {
  const [head, ...lines] = text.split('\n').filter((line) => line.startsWith('{"'));
  const { recording, role, framing, cut } = parsed(head ?? '');
  if (recording !== 1 || !isRole(role) || typeof framing !== 'string') throw noRecording();
  return { role, framing, cut: cut === true, said: lines.map(saidIn) };
}

const isRole = (role: unknown): role is Recorded['role'] => role === 'listen' || role === 'connect';

function saidIn(line: string): Said {
  const { ms, wire, from, hex } = parsed(line);
  const isSaid =
    isCount(ms) && isCount(wire) && (from === 'us' || from === 'peer') && typeof hex === 'string';
  if (!isSaid) throw noRecording();
  return { ms, wire, from, message: bytesOfHex(hex) };
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

function parsed(line: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(line);
  } catch {
    throw noRecording();
  }
}

const noRecording = () => new Error('this is no recording: make one with --record');
