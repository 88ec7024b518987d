import { connect } from 'node:net';
import { decode, lengthPrefixed } from 'rx-tinyproto';
import { fromEvent, type Observable } from 'rxjs';

/**
 * The members of one server, on bare sockets, to have time for what is measured: `room-members.ts PORT COUNT`. Each demands the messages of a sender in their order, each once, from the first on. When asked, tells how many of each sender the
 * members have: `[fewest, most]`.
 */
const [port = 0, count = 0] = process.argv.slice(2).map(Number);

const tell = (word: object) => process.send?.(word);
const heard = Array.from({ length: count }, () => new Map<string, number>());
let joined = 0;

for (const mine of heard) {
  const socket = connect(port, '127.0.0.1', () => {
    joined++;
    if (joined === count) tell({ joined });
  });
  socket.on('error', () => {});
  (fromEvent(socket, 'data') as Observable<Uint8Array>)
    .pipe(decode(lengthPrefixed()))
    .subscribe((message) => {
      const [sender = '', number] = Buffer.from(message).toString().split(' ');
      const before = mine.get(sender) ?? 0;
      if (Number(number) !== before + 1) tell({ wrong: `${sender} ${number} behind ${before}` });
      mine.set(sender, Number(number));
    });
}

process.on('message', () => {
  const senders = [...new Set(heard.flatMap((mine) => [...mine.keys()]))].sort();
  const span = (sender: string) => {
    const counts = heard.map((mine) => mine.get(sender) ?? 0);
    return [Math.min(...counts), Math.max(...counts)];
  };
  tell({ heard: Object.fromEntries(senders.map((sender) => [sender, span(sender)])) });
});
process.on('disconnect', () => process.exit());
