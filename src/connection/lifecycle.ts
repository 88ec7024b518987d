/**
 * The life of a connection, as a table.
 *
 *     opening    the opening exchange is under way
 *     open       messages pass
 *     ended      the peer has sent FIN: what came before it is delivered and answered, then FIN goes out
 *     closing    we are closing: queued sends go out, what comes is dropped, then FIN goes out
 *     finishing  our FIN is out; reading goes on until theirs
 *     closed     the wire is gone, or given up
 */
export type State = 'opening' | 'open' | 'ended' | 'closing' | 'finishing' | 'closed';
export type Event = 'opened' | 'close' | 'peerEnd' | 'finSent' | 'gone';

export const lifecycle: Readonly<Record<State, Readonly<Partial<Record<Event, State>>>>> = {
  opening: { opened: 'open', gone: 'closed' },
  open: { close: 'closing', peerEnd: 'ended', gone: 'closed' },
  ended: { close: 'closing', finSent: 'finishing', gone: 'closed' },
  closing: { finSent: 'finishing', gone: 'closed' },
  finishing: { gone: 'closed' },
  closed: {},
};
