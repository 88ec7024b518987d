import type { Connection, Framing, Transport, Wire } from 'rx-tinyproto';
import { asapScheduler, NEVER, of } from 'rxjs';
import { connectOver } from '../../src/client/connect.js';
import type { OpenOut } from '../../src/outbox/way-out.js';

type Done = Parameters<Wire['write']>[1];

/** A wire, and what it was given: `takes` says of each write whether the kernel has it at once; the others are done when `settle` is called. */
export function wireThat(takes: (at: number) => boolean) {
  const chunks: Uint8Array[] = [];
  const waiting: { readonly done: Done; readonly end: number }[] = [];
  let written = 0;
  let kernel = 0;
  let writes = 0;
  let ended = false;
  const wire: Wire = {
    local: { host: 'here', port: 1 },
    remote: { host: 'there', port: 1 },
    bytes$: NEVER,
    closed$: NEVER,
    write(bytes, done, more) {
      chunks.push(bytes.slice());
      written += bytes.length;
      const atOnce = !more && waiting.length === 0 && takes(writes++);
      if (atOnce) kernel = written;
      else waiting.push({ done, end: written });
      return atOnce;
    },
    pause: () => {},
    resume: () => {},
    end: () => {
      ended = true;
    },
    destroy: () => {},
  };
  const settle = () => {
    for (const { done, end } of waiting.splice(0)) {
      kernel = Math.max(kernel, end);
      done();
    }
  };
  const bytes = () => Buffer.concat(chunks);
  return { wire, settle, bytes, kernelHas: () => kernel, hasEnded: () => ended };
}

/** What the client does with a connection over such a wire. Gives back what ends it. */
export function opened(
  wire: Wire,
  client: (conn: Connection) => void,
  framing: Framing,
  outbox: OpenOut | undefined,
  failed?: (error: { code: string }) => void,
): () => void {
  const transport: Transport = { dial: () => of(wire), listen: () => NEVER };
  const connections: Connection[] = [];
  connectOver({ transport, framing, ...(outbox && { outbox }) })('there:1').subscribe({
    next(conn) {
      connections.push(conn);
      client(conn);
    },
    ...(failed && { error: failed }),
  });
  return () => {
    for (const conn of connections) conn.destroy();
  };
}

/** What is to come in this task has come. */
export const soon = () => new Promise<void>((resolve) => void asapScheduler.schedule(() => resolve()));
