import { describe, expect, it } from 'vitest';
import type { FramingMachine, Wait } from '../../src/framing/framing.js';
import { type TinyprotoOptions, tinyproto } from '../../src/framing/tinyproto.js';
import type { FramingTalk } from '../../src/outbox/frame.js';
import { hex } from '../helpers/handshake-talk.js';
import { silent } from '../helpers/silent-port.js';

/** One end, and what it does to its surroundings. */
class Bench {
  readonly waits = new Map<Wait, number>();
  readonly machine: FramingMachine;
  readonly #log: string[] = [];

  constructor(options: TinyprotoOptions = {}, held = 0) {
    this.machine = tinyproto(options).open({
      ...silent,
      held,
      out: {
        write: (bytes, last) => this.#log.push(Buffer.from(bytes).toString('hex') + (last ? '.' : '')),
        outcome: (of) => this.#log.push(of),
      },
      ready: () => this.#log.push('ready'),
      fail: (error) => this.#log.push((error as { readonly code: string }).code),
      await: (wait, ms) => (ms === undefined ? this.waits.delete(wait) : this.waits.set(wait, ms)),
    });
    this.talk.start();
  }

  static open(options: TinyprotoOptions = {}, held = 0): Bench {
    const bench = new Bench(options, held).receive('ff');
    bench.since();
    return bench;
  }

  get talk(): FramingTalk {
    return this.machine.talk as FramingTalk;
  }

  receive(text: string): this {
    this.machine.push(hex(text));
    return this;
  }

  since(): string {
    return this.#log.splice(0).join(' ');
  }
}

describe('one end of a tinyproto connection', () => {
  it('is ready when the opening exchange is done', () => {
    const bench = new Bench();
    expect(bench.since()).toBe('ff');
    expect(bench.receive('ff').since()).toBe('ready');
  });

  it('fails where the peer ends before that', () => {
    const bench = new Bench();
    bench.talk.receiveEnd();
    expect(bench.since()).toContain('cut-short');
  });

  it('writes what it begins, and tells of the outcome', () => {
    const bench = Bench.open();
    expect(bench.talk.canBegin(false)).toBe(true);
    bench.talk.begin(tinyproto().encode(hex('61')));
    expect([bench.since(), bench.talk.midFrame]).toEqual(['00000001', true]);
    expect(bench.receive('ff').since()).toBe('61. taken');
    expect(bench.talk.midFrame).toBe(false);
  });

  it('asks for no quiet while bytes of ours are on the road', () => {
    const bench = Bench.open({ duplex: 'half', quietMs: 50 });
    expect(bench.waits.get('quiet')).toBe(50);
    bench.talk.progress(true);
    expect(bench.waits.has('quiet')).toBe(false);
    bench.talk.progress(false);
    expect(bench.waits.get('quiet')).toBe(50);
  });

  it('never has the road hold the peer', () => {
    const { machine } = Bench.open();
    expect([machine.look?.(true), machine.look?.(false)]).toEqual([false, false]);
  });

  it('heeds no deadline of the framing that was spoken before', () => {
    const bench = new Bench();
    bench.since();
    bench.machine.expired?.('message');
    expect(bench.since()).toBe('');
    bench.machine.expired?.('opening');
    expect(bench.since()).toBe('opening-timeout');
  });

  it('does not take for its own what was read before it', () => {
    const bench = Bench.open({}, 1).receive('00000001 62 00000001 63');
    expect(bench.since()).toBe('ff');
    bench.machine.read();
    bench.machine.consumed?.();
    expect(bench.since()).toBe('');
    bench.machine.consumed?.();
    expect(bench.since()).toBe('ff');
  });
});
