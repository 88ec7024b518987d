import { consume, converse, paced, text } from 'rx-tinyproto';
import { connect } from 'rx-tinyproto/websocket';
import { filter, fromEvent, ignoreElements, map, merge, tap } from 'rxjs';

/** The part of a page that is used here: Node's types know no document. */
interface Page {
  readonly document: {
    querySelector(selector: string): Element;
    createElement(name: string): Element;
  };
}
interface Element extends EventTarget {
  value: string;
  textContent: string;
  append(child: Element): void;
}

const { document } = globalThis as unknown as Page;
const form = document.querySelector('form');
const input = document.querySelector('input');
const log = document.querySelector('ol');

function show(line: string): void {
  const item = document.createElement('li');
  item.textContent = line; // whatever it is, it is text
  log.append(item);
}

const lines$ = fromEvent<Event>(form, 'submit').pipe(
  tap((event) => event.preventDefault()),
  map(() => input.value),
  filter((line) => line !== ''), // an empty message has no frame
  tap(() => {
    input.value = '';
  }),
  paced(),
);

connect('/bridge', { codec: text() })
  .pipe(
    tap(() => show('connected')),
    converse((conn) =>
      merge(
        conn.messages$,
        lines$.pipe(
          consume((line) => conn.send(line)),
          ignoreElements(),
        ),
      ),
    ),
  )
  .subscribe({
    next: show,
    error: (error: Error) => show(error.message),
    complete: () => show('the server has left'),
  });
