/**
 * The life of a connection, as a table. Each side ends its own direction with FIN.
 *
 *     opening      the opening exchange is under way
 *     open         messages pass
 *     ended        the peer has sent FIN: what came before it is delivered and answered, then FIN goes out
 *     ending       `end()`: what is queued goes out, then FIN; messages still come
 *     half-closed  our FIN is out after `end()`; messages still come
 *     leaving      the peer has sent FIN and `end()` was called: what is queued goes out, then FIN
 *     closing      `close()`: what is queued goes out, what comes is dropped, then FIN goes out
 *     finishing    our FIN is out, and nothing more is wanted; reading goes on until the peer's
 *     closed       the wire is gone, or given up
 *
 * No code runs this table: a connection notes what has happened, in flags that a page and ten thousand connections pay less for. So that the two say the same,
 * `lifecycle.spec.ts` drives a connection through every short life that the table has.
 */
export type State =
  | 'opening'
  | 'open'
  | 'ended'
  | 'ending'
  | 'half-closed'
  | 'leaving'
  | 'closing'
  | 'finishing'
  | 'closed';

/** What happens to it. `finSent`: all that was to go before it has gone. */
export type Event = 'opened' | 'end' | 'close' | 'peerEnd' | 'finSent' | 'gone';

export const lifecycle: Readonly<Record<State, Readonly<Partial<Record<Event, State>>>>> = {
  opening: { opened: 'open', gone: 'closed' },
  open: { end: 'ending', close: 'closing', peerEnd: 'ended', gone: 'closed' },
  ended: { end: 'leaving', close: 'closing', finSent: 'finishing', gone: 'closed' },
  ending: { close: 'closing', peerEnd: 'leaving', finSent: 'half-closed', gone: 'closed' },
  'half-closed': { close: 'finishing', peerEnd: 'finishing', gone: 'closed' },
  leaving: { close: 'closing', finSent: 'finishing', gone: 'closed' },
  closing: { finSent: 'finishing', gone: 'closed' },
  finishing: { gone: 'closed' },
  closed: {},
};
