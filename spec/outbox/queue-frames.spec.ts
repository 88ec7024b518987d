import { type Connection, lines, type SendError } from 'rx-tinyproto';
import { Subject } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { acknowledged } from '../helpers/acknowledged.js';
import { bytesOf } from '../helpers/decoded.js';
import { opened, soon, wireThat } from '../helpers/wire-that.js';

/** A connection that has spoken in lines, of which the kernel has nothing yet, and goes on in a framing that waits for answers. */
function goingOn() {
  const { wire, bytes, settle } = wireThat(() => false);
  const bytes$ = new Subject<Uint8Array>();
  const log: string[] = [];
  const connections: Connection[] = [];
  const destroy = opened(
    { ...wire, bytes$ },
    (conn) => connections.push(conn),
    lines(),
    undefined,
    ({ code }) => log.push(code),
  );
  const [conn] = connections as [Connection];
  const send = (text: string) =>
    conn.send(bytesOf(text)).subscribe({
      error: ({ fate }: SendError) => log.push(`${text} ${fate}`),
      complete: () => log.push(text),
    });
  send('line');
  conn.reframe({ framing: acknowledged() });
  return { send, settle, bytes, bytes$, log, destroy };
}

describe('frames that wait, behind frames that went out at once', () => {
  it('stand behind them on the wire, and are told of when they are answered', async () => {
    const { send, settle, bytes, bytes$, log, destroy } = goingOn();
    send('a');
    expect(bytes().toString('latin1')).toBe('line\n\x01a');
    settle();
    await soon();
    expect(log).toEqual(['line']);
    bytes$.next(Uint8Array.of(0));
    await soon();
    expect(log).toEqual(['line', 'a']);
    destroy();
  });

  it('begin as the framing lets them', async () => {
    const { send, settle, bytes, bytes$, log, destroy } = goingOn();
    for (const text of 'abcdef') send(text);
    expect(bytes().toString('latin1')).toBe('line\n\x01a\x01b\x01c\x01d');
    bytes$.next(Uint8Array.of(0));
    expect(bytes().toString('latin1')).toBe('line\n\x01a\x01b\x01c\x01d\x01e');
    settle();
    await soon();
    expect(log).toEqual(['line', 'a']);
    destroy();
  });

  it('fail behind them, and those that have not begun were not sent', () => {
    const { send, log, destroy } = goingOn();
    for (const text of 'abcde') send(text);
    destroy();
    expect(log).toEqual(['line unknown', 'a unknown', 'b unknown', 'c unknown', 'd unknown', 'e not-sent']);
  });

  it('have their time to make progress, although the last of those ahead has just been told of', async () => {
    vi.useFakeTimers();
    try {
      const { send, settle, log, destroy } = goingOn();
      settle();
      send('a');
      await vi.advanceTimersByTimeAsync(9_000);
      expect(log).toEqual(['line']);
      await vi.advanceTimersByTimeAsync(2_000);
      expect(log).toEqual(['line', 'a unknown', 'write-timeout']);
      destroy();
    } finally {
      vi.useRealTimers();
    }
  });
});
