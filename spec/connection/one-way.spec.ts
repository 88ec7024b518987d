import { hex } from 'rx-tinyproto/testing';
import { AsyncSubject, asapScheduler, firstValueFrom, Observable, type Observer, observeOn, of } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { Closed, Connection } from '../../src/connection/connection.js';
import { openConnection } from '../../src/connection/open-connection.js';
import { connectionSettings } from '../../src/connection/options.js';
import type { Framing } from '../../src/framing/framing.js';
import { lengthPrefixed } from '../../src/framing/length-prefixed.js';
import { lines } from '../../src/framing/lines.js';
import type { Wire, WireClosed } from '../../src/transport/transport.js';
import { bytesOf, hexOf } from '../helpers/decoded.js';

/** A connection whose peer is this spec: what it is given, and what it has done to its wire. */
class Talk {
  readonly heard: string[] = [];
  readonly did: string[] = [];
  connection!: Connection;
  #bytes!: Observer<Uint8Array>;

  constructor(framing: Framing) {
    const wire: Wire = {
      local: { host: '', port: 0 },
      remote: { host: '', port: 0 },
      bytes$: new Observable((subscriber) => {
        this.#bytes = subscriber;
      }),
      write: () => true,
      pause: () => {},
      resume: () => {},
      end: () => this.did.push('fin'),
      destroy: ({ reset } = {}) => this.did.push(reset ? 'reset' : 'destroy'),
      closed$: new AsyncSubject<WireClosed>(),
    };
    openConnection(wire, connectionSettings<Uint8Array, Uint8Array>({ framing }, {})).subscribe((made) => {
      this.connection = made;
    });
  }

  /** What comes is read. */
  async read(): Promise<this> {
    this.connection.messages$.subscribe({
      next: (message) => this.heard.push(hexOf(message)),
      error: (error) => this.heard.push(error.code ?? error.message),
      complete: () => this.heard.push('|'),
    });
    await firstValueFrom(of(0).pipe(observeOn(asapScheduler)));
    return this;
  }

  receive(...chunks: readonly Uint8Array[]): this {
    for (const chunk of chunks) this.#bytes.next(chunk);
    return this;
  }

  end(): this {
    this.#bytes.complete();
    return this;
  }

  close(): this {
    this.connection.close().subscribe();
    return this;
  }

  async dropped(): Promise<Closed['dropped']> {
    this.connection.destroy();
    return (await firstValueFrom(this.connection.closed$)).dropped;
  }
}

describe('a connection whose directions know nothing of each other', () => {
  it('counts the bytes that it drops: what is unread, and what comes, whole messages or not', async () => {
    const talk = new Talk(lengthPrefixed({ size: 1 })).receive(hex`01 61 02 62 62 03 63`).close();
    talk.receive(hex`63 63 01`);
    expect(await talk.dropped()).toEqual({ messages: 3, bytes: 10 });
  });

  it('minds neither a fault nor an end in half a message once it is closed', async () => {
    const talk = await new Talk(lines({ maxLineBytes: 1 })).read();
    talk.close().receive(bytesOf('ab\n'), bytesOf('a\na\n')).end();
    expect([talk.heard, talk.did]).toEqual([['|'], ['fin']]);
  });

  it('resets nothing for a fault of the peer: what was written last may still be read', async () => {
    const talk = await new Talk(lines({ maxLineBytes: 1 })).read();
    talk.receive(bytesOf('a\nab'));
    expect([talk.heard, talk.did]).toEqual([['61', 'message-too-large'], ['destroy']]);
  });

  it('reads and counts nothing that comes behind a fault', async () => {
    const talk = await new Talk(lines({ maxLineBytes: 1 })).read();
    talk.receive(bytesOf('ab\n'), bytesOf('a\na\n'));
    expect(talk.heard).toEqual(['message-too-large']);
    expect(await talk.dropped()).toEqual({ messages: 0, bytes: 0 });
  });

  it('fails with whatever its decoder throws, and asks it nothing more', async () => {
    let asked = 0;
    const broken: Framing = {
      ...lines(),
      open: () => ({
        unreadBytes: 0,
        push: () => {},
        read: () => {
          asked++;
          throw new Error('a mistake of ours');
        },
        end: () => {},
        rest: () => [],
      }),
    };
    const talk = await new Talk(broken).read();
    talk.receive(hex`00`, hex`00`);
    expect([talk.heard, asked]).toEqual([['a mistake of ours'], 1]);
  });

  it('tells of half a message behind what is there', async () => {
    const talk = new Talk(lines()).receive(bytesOf('a\nab')).end();
    expect(talk.did).toEqual([]);
    expect((await talk.read()).heard).toEqual(['61', 'cut-short']);
  });

  it('delivers what its decoder makes of the end', async () => {
    const talk = await new Talk(lines({ unterminated: 'deliver' })).read();
    talk.receive(bytesOf('ab'));
    expect(talk.heard).toEqual([]);
    talk.end();
    expect(talk.heard).toEqual(['6162', '|']);
  });
});
