import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { type BoundAddress, connect, type ListenOptions, listen, paced } from 'rx-tinyproto';
import { firstValueFrom, map, merge, type Observable, ReplaySubject, type Subject, skip, tap } from 'rxjs';
import { expect, it, onTestFinished } from 'vitest';
import { chatClient, chatOptions, chatServer, pythonOptions } from '../../examples/chat/flow.js';
import { describePeer, fetched, peerFolder } from '../helpers/peers.js';

// The words on the wire are those of the original's example: either side can be Python. Both of its versions, as either side.

/** A member of a chat, or the chat, on the Python original: prints what it hears, or who comes and goes; a member says each line of its input. */
const program = `
import socket
import sys
import threading
import tinyproto
from tinyproto import TinyProtoClient, TinyProtoConnection, TinyProtoServer

role, port = sys.argv[1:]
if role == 'server':
    with socket.create_server(('127.0.0.1', 0)) as free:
        port = free.getsockname()[1]
old = not hasattr(tinyproto, 'TinyProtoConnectionDetails')
where = ('127.0.0.1', int(port)) if old else (tinyproto.TinyProtoConnectionDetails('127.0.0.1', int(port)),)

class Person(TinyProtoConnection):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.heard = []
        self.to_say = []
    def transmission_received(self, message):
        self.heard.append(message.decode())
    def loop_pass(self):
        while self.to_say:
            self.transmit(self.to_say.pop(0).encode())

class Member(Person):
    def transmission_received(self, message):
        print(message.decode(), flush=True)

class Chat(TinyProtoServer):
    def pre_loop(self):
        print(port, flush=True)
    def conn_init(self, who, connection):
        self.tell(who, '**joined the chat')
    def conn_shutdown(self, who, connection):
        self.tell(who, '**left the chat')
    def loop_pass(self):
        for who, connection in self.active_connections.items():
            while connection.heard:
                self.tell(who, connection.heard.pop(0))
    def tell(self, who, words):
        for other, connection in self.active_connections.items():
            if other != who:
                connection.to_say.append(f'[{who}] {words}')

if role == 'client':
    client = TinyProtoClient()
    client.set_conn_handler(Member)
    me = client.active_connections[client.connect_to(*where)]
    for line in sys.stdin:
        me.to_say.append(line.strip())
    while me.to_say and me.is_alive():
        pass
    me.shutdown = True
else:
    server = Chat() if old else Chat([*where])
    if old:
        server.add_addr(*where)
    server.set_conn_handler(Person)
    server.start()
`;

describePeer('the Python original 2.0.1', fetched('tinyproto-2.0.1'), () => chats('tinyproto-2.0.1'));
describePeer('the Python original 3.0', fetched('tinyproto-3.0'), () => chats('tinyproto-3.0'));

function chats(peer: string): void {
  const python = (role: 'client' | 'server', port = 0) => {
    const env = { ...process.env, PYTHONPATH: peerFolder(peer), PYTHONDONTWRITEBYTECODE: '1' };
    const child = spawn('python3', ['-c', program, role, String(port)], { env });
    child.stderr.resume(); // 3.0 reports every end of a conversation as an error
    onTestFinished(() => {
      child.kill('SIGKILL');
    });
    return { heard: heardOf(linesFrom(child.stdout)), say: child.stdin };
  };

  it('joins our chat, beside our own clients', async () => {
    const doors = { own: new ReplaySubject<number>(1), python: new ReplaySubject<number>(1) };
    const chat = merge(
      listen(0, { ...chatOptions, openObserver: portTo(doors.own) }),
      listen(0, { ...pythonOptions, openObserver: portTo(doors.python) }),
    )
      .pipe(chatServer({ history: 0 }))
      .subscribe();
    onTestFinished(() => chat.unsubscribe());
    const anna = await member(await firstValueFrom(doors.own), chatOptions, 'anna');

    const guest = python('client', await firstValueFrom(doors.python));
    expect(await anna.heard()).toBe('[ID] **joined the chat');
    anna.says('hello');
    expect(await guest.heard()).toBe('[anna] hello');
    guest.say.write('/name guido\n');
    expect(await anna.heard()).toBe('[ID] **is now guido');
    guest.say.write('grüß dich\n');
    expect(await anna.heard()).toBe('[guido] grüß dich');
    guest.say.end('quit\n');
    expect(await anna.heard()).toBe('[guido] **left the chat');
  });

  it('is a chat that our clients join', async () => {
    const chat = python('server');
    const port = Number(await chat.heard());
    const ben = await member(port, pythonOptions);
    const anna = await member(port, pythonOptions);
    expect(await ben.heard()).toBe('[ID] **joined the chat');
    anna.says('is anybody there?');
    expect(await ben.heard()).toBe('[ID] is anybody there?');
    ben.says('ja, ich');
    expect(await anna.heard()).toBe('[ID] ja, ich');
    anna.says('quit');
    expect(await ben.heard()).toBe('[ID] **left the chat');
  });
}

/** Somebody with our client, once connected, until the end of the test. */
async function member(port: number, options: typeof chatOptions, name?: string) {
  const said$ = new ReplaySubject<string>();
  const connected$ = new ReplaySubject<void>(1);
  const line$ = connect(port, options).pipe(
    tap(() => connected$.next()),
    chatClient(said$.pipe(paced()), name),
  );
  const heard = heardOf(line$);
  await firstValueFrom(connected$);
  return { says: (line: string) => said$.next(line), heard };
}

/** The next line that somebody hears. */
function heardOf(lines$: Observable<string>): () => Promise<string> {
  const heard$ = new ReplaySubject<string>();
  const subscription = lines$.pipe(map(withoutId)).subscribe(heard$);
  onTestFinished(() => subscription.unsubscribe());
  let seen = 0;
  return () => firstValueFrom(heard$.pipe(skip(seen++)));
}

const withoutId = (line: string) => line.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/, 'ID');

const linesFrom = (input: NodeJS.ReadableStream) => {
  const lines$ = new ReplaySubject<string>();
  createInterface({ input }).on('line', (line) => lines$.next(line));
  return lines$;
};

const portTo = (port$: Subject<number>): NonNullable<ListenOptions['openObserver']> => ({
  next: ([bound]: readonly BoundAddress[]) => port$.next(bound && 'port' in bound ? bound.port : 0),
});
