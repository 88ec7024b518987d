import type { StreamingMachine, StreamingPort } from './framing.js';
import { TinyprotoEnd } from './tinyproto-end.js';
import type { TinyprotoBodiesPort } from './tinyproto-port.js';
import type { StreamingTinyprotoMachine } from './tinyproto-streaming.js';

/** One end of a connection whose large bodies come and go in parts. */
export class TinyprotoBodies extends TinyprotoEnd implements StreamingMachine, TinyprotoBodiesPort {
  declare protected readonly machine: StreamingTinyprotoMachine;
  declare protected readonly port: StreamingPort;

  #theyEnded = false;

  constructor(open: (port: TinyprotoBodiesPort) => StreamingTinyprotoMachine, port: StreamingPort) {
    // The end that it is given is this one.
    super((end) => open(end as TinyprotoBodies), port);
  }

  readHead(): number | undefined {
    return this.machine.readHead();
  }

  readPart(): Uint8Array | undefined {
    return this.machine.readPart();
  }

  bodyWritten(): void {
    this.machine.bodyWritten();
  }

  override receiveEnd(): void {
    this.#theyEnded = true;
    super.receiveEnd();
  }

  /** Where the peer has left inside a body of ours it hears no more of it, and our FIN would be misread. */
  override tryEnd(): boolean {
    if (this.#theyEnded && this.midFrame) this.port.destroy();
    return super.tryEnd();
  }

  /** Behind a body that is not read stand the answers to our own frames: there the road may hold the peer. */
  override look(wanted: boolean): boolean {
    return !wanted && this.machine.pausable;
  }

  writeBody(): void {
    this.port.writeBody();
  }
}
