import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { SocketWrites } from '../../src/transport/socket-writes.js';

const KiB = 1_024;

/** A kernel without end: takes whatever comes, and says so in the same turn of the loop. */
function kernel() {
  const took: { readonly by: string; readonly bytes: number }[] = [];
  const socket = (by: string): Socket => {
    const write = (bytes: Uint8Array, done?: () => void) => {
      took.push({ by, bytes: bytes.length });
      if (done) process.nextTick(done);
    };
    return { write, cork: () => {}, uncork: () => {}, writableLength: 0 } as unknown as Socket;
  };
  return { took, socket };
}

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Writes on whenever it may. */
function stream(writes: SocketWrites, size: number, turnsOver: () => boolean): void {
  const writeOn = () => {
    while (!turnsOver() && writes.write(new Uint8Array(size), writeOn));
  };
  writeOn();
}

/** Writes a little whenever it is told. */
function byCallbacks(writes: SocketWrites, isOver: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const writeOn = () => {
      while (!isOver()) if (!writes.write(new Uint8Array(1), writeOn)) return;
      resolve();
    };
    writeOn();
  });
}

async function byPromises(writes: SocketWrites, isOver: () => boolean): Promise<void> {
  const written = () =>
    new Promise<void>((resolve) => {
      if (writes.write(new Uint8Array(1), () => resolve())) resolve();
    });
  while (!isOver()) await written();
}

describe('SocketWrites', () => {
  it('says at once that the kernel has what was written, and then nothing more of it', async () => {
    const writes = new SocketWrites(kernel().socket('s'));
    const done: number[] = [];
    const write = (at: number) => writes.write(new Uint8Array(1), () => done.push(at));
    const atOnce = Array.from({ length: 100 }, (_, at) => write(at));
    expect(atOnce[0]).toBe(true);
    const later = Array.from(atOnce.keys()).filter((at) => !atOnce[at]);
    for (let turn = 0; turn < 10 && done.length < later.length; turn++) await nextTurn();
    expect(later.length).toBeGreaterThan(0);
    expect(done).toEqual(later);
    expect(write(100)).toBe(true);
  });

  it('says nothing at once where the kernel has not taken all of it, or the socket has failed', () => {
    for (const state of [{ writableLength: 1 }, { errored: new Error('EPIPE') }, { destroyed: true }]) {
      const socket = Object.assign(kernel().socket('s'), state);
      expect(new SocketWrites(socket).write(new Uint8Array(1), () => {})).toBe(false);
    }
  });

  it('says nothing at once of an empty write, which under TLS is on its way although no bytes wait', () => {
    const writes = new SocketWrites(kernel().socket('s'));
    expect(writes.write(new Uint8Array(0), () => {})).toBe(false);
    expect(writes.busy).toBe(true);
  });

  it.each([
    { name: 'callbacks', chain: byCallbacks },
    { name: 'promises', chain: byPromises },
  ])(
    'lets the loop go round, however many write a little more whenever they are told: $name',
    async ({ chain }) => {
      for (const count of [1, 1_000]) {
        const { took, socket } = kernel();
        const names = Array.from({ length: count }, (_, at) => `s${at}`);
        let isOver = false;
        const ends = names.map((name) =>
          chain(new SocketWrites(socket(name)), () => isOver || took.length > 1e6),
        );
        await nextTurn();
        const inTurns: number[] = [];
        for (let turn = 0; turn < 100; turn++) {
          const before = took.length;
          await nextTurn();
          inTurns.push(took.length - before);
        }
        isOver = true;
        await Promise.all(ends);
        expect(Math.max(...inTurns)).toBeLessThan(500);
        const each = new Map(names.map((name) => [name, 0]));
        for (const { by } of took) each.set(by, (each.get(by) ?? 0) + 1);
        expect(Math.min(...each.values())).toBeGreaterThanOrEqual(5);
      }
    },
  );

  it('says at once to each member of a room that the kernel has its message, however many there are', async () => {
    const { socket } = kernel();
    const members = Array.from({ length: 1_000 }, (_, at) => new SocketWrites(socket(`s${at}`)));
    for (let round = 0; round < 3; round++) {
      expect(members.every((writes) => writes.write(new Uint8Array(1), () => {}))).toBe(true);
      await nextTurn();
    }
  });

  it('lets the loop go round after 256 KiB, over all sockets', async () => {
    const { took, socket } = kernel();
    let isOver = false;
    for (let count = 0; count < 50; count++)
      stream(new SocketWrites(socket(`s${count}`)), 16 * KiB, () => isOver);
    await nextTurn();
    const inTurns: number[] = [];
    for (let turn = 0; turn < 20; turn++) {
      const before = took.length;
      await nextTurn();
      inTurns.push(took.slice(before).reduce((sum, { bytes }) => sum + bytes, 0));
    }
    isOver = true;
    await nextTurn();
    expect(Math.max(...inTurns)).toBeLessThanOrEqual(272 * KiB);
    expect(Math.min(...inTurns)).toBeGreaterThanOrEqual(240 * KiB);
  });

  it('gives each stream its turn, one after the other', async () => {
    const { took, socket } = kernel();
    let isOver = false;
    for (let count = 0; count < 50; count++)
      stream(new SocketWrites(socket(`s${count}`)), 64 * KiB, () => isOver);
    for (let turn = 0; turn < 100; turn++) await nextTurn();
    isOver = true;
    for (let turn = 0; turn < 20; turn++) await nextTurn();
    const bytesOf = new Map<string, number>();
    for (const { by, bytes } of took) bytesOf.set(by, (bytesOf.get(by) ?? 0) + bytes);
    const each = [...bytesOf.values()];
    expect(each).toHaveLength(50);
    expect(Math.max(...each) - Math.min(...each)).toBeLessThanOrEqual(512 * KiB);
  });

  it('writes an answer at once, however many streams wait for their turn', async () => {
    const { took, socket } = kernel();
    let isOver = false;
    for (let count = 0; count < 50; count++)
      stream(new SocketWrites(socket(`s${count}`)), 64 * KiB, () => isOver);
    await nextTurn();
    const answering = new SocketWrites(socket('answer'));
    const answers: number[] = [];
    for (let turn = 0; turn < 5; turn++) {
      const before = took.length;
      answering.write(new Uint8Array(64), () => {});
      answers.push(took.slice(before).filter(({ by }) => by === 'answer').length);
      await nextTurn();
    }
    isOver = true;
    await nextTurn();
    expect(answers).toEqual([1, 1, 1, 1, 1]);
  });
});
