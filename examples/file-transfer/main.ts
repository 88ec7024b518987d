import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type BoundAddress, connect, listen } from 'rx-tinyproto';
import { filesOptions } from 'rx-tinyproto/files';
import { formatAddress } from 'rx-tinyproto/transport';
import {
  endWith,
  merge,
  NEVER,
  type NextObserver,
  type Observable,
  ReplaySubject,
  switchMap,
  take,
  takeUntil,
} from 'rxjs';
import { asLongAs } from '../as-long-as.js';
import { byRole, interrupt$, Misuse, play, tell, telling } from '../terminal.js';
import { inbox, sender } from './flow.js';

const usage = `usage: file-transfer inbox FOLDER [address]
       file-transfer send FILE [address]
       file-transfer

  inbox          takes files into a folder, on 127.0.0.1:8088, also those that tpft sends
  send           sends one there, over as many connections as it takes
  file-transfer  both in one process: sends a file of 64 MiB into a new folder`;

const defaultAddress = '127.0.0.1:8088';

function receiving(folder: string, address: string, openObserver: NextObserver<readonly BoundAddress[]>) {
  return listen(address, { ...filesOptions, openObserver }).pipe(takeUntil(interrupt$), inbox(folder));
}

const receive = (folder?: string, address = defaultAddress) =>
  receiving(demanded(folder), address, telling('The inbox listens on'));

const send = (file?: string, address = defaultAddress) =>
  connect(address, filesOptions).pipe(
    sender({
      from: demanded(file),
      to: basename(demanded(file)),
      onLost: ({ message }) => tell(`${message}: once more`),
    }),
    takeUntil(interrupt$),
  );

/** The inbox, and a sender as soon as it is bound; with the sender's last word all is over. */
function together(): Observable<string> {
  const folder = mkdtempSync(join(tmpdir(), 'inbox-'));
  const file = join(folder, 'sent');
  writeFileSync(file, randomBytes(64 * 1_024 * 1_024));
  mkdirSync(join(folder, 'inbox'));
  const bound$ = new ReplaySubject<readonly BoundAddress[]>(1);
  const sent$ = bound$.pipe(
    take(1),
    switchMap(([bound]) => send(file, bound && formatAddress(bound))),
    endWith(`It is in ${join(folder, 'inbox')}`),
  );
  return sent$.pipe(asLongAs(merge(receiving(join(folder, 'inbox'), '127.0.0.1:0', bound$), NEVER)));
}

function demanded(word: string | undefined): string {
  if (word === undefined) throw new Misuse();
  return word;
}

play(usage, byRole({ inbox: receive, send, together }));
