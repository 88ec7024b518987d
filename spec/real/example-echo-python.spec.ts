import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text as textOf } from 'node:stream/consumers';
import { type BoundAddress, connect, listen, paced } from 'rx-tinyproto';
import {
  firstValueFrom,
  from,
  fromEvent,
  identity,
  lastValueFrom,
  map,
  ReplaySubject,
  switchMap,
  takeUntil,
  toArray,
} from 'rxjs';
import { expect, it, onTestFinished } from 'vitest';
import { echoClient, echoOptions, echoServer } from '../../examples/echo/flow.js';
import { describePeer, fetched, peerFolder } from '../helpers/peers.js';

// The words on the wire are those of the original's example: either side can be Python.

/** An echo client, or server, on the Python original, in either of its versions. */
const program = `
import socket
import sys
import tinyproto
from tinyproto import TinyProtoClient, TinyProtoConnection, TinyProtoServer

role, port, *lines = sys.argv[1:]
if role == 'server':
    with socket.create_server(('127.0.0.1', 0)) as free:
        port = free.getsockname()[1]
old = not hasattr(tinyproto, 'TinyProtoConnectionDetails')
where = ('127.0.0.1', int(port)) if old else (tinyproto.TinyProtoConnectionDetails('127.0.0.1', int(port)),)
farewells = ('QUIT', 'SRVQUIT')

class Asking(TinyProtoConnection):
    def pre_loop(self):
        self.answered = True
    def loop_pass(self):
        if not self.answered:
            return
        if not lines:
            self.shutdown = True
            return
        line = lines.pop(0)
        self.answered = False
        self.transmit(line.encode())
        if line in farewells:
            self.shutdown = True
    def transmission_received(self, message):
        print(message.decode(), flush=True)
        self.answered = True

class Answering(TinyProtoConnection):
    def transmission_received(self, message):
        line = message.decode()
        if line in farewells:
            self.shutdown = True
        else:
            self.transmit(('Echo back: ' + line).encode())

if role == 'client':
    client = TinyProtoClient()
    client.set_conn_handler(Asking)
    asking = client.active_connections[client.connect_to(*where)]
    while asking.is_alive():
        pass
else:
    class Server(TinyProtoServer):
        def pre_loop(self):
            print(port, flush=True)
    server = Server() if old else Server([*where])
    if old:
        server.add_addr(*where)
    server.set_conn_handler(Answering)
    server.start()
`;

describePeer('the Python original 2.0.1', fetched('tinyproto-2.0.1'), () => conversations('tinyproto-2.0.1'));
describePeer('the Python original 3.0', fetched('tinyproto-3.0'), () => conversations('tinyproto-3.0'));

function conversations(peer: string): void {
  const python = (role: 'client' | 'server', port = 0, ...lines: readonly string[]) => {
    const env = { ...process.env, PYTHONPATH: peerFolder(peer), PYTHONDONTWRITEBYTECODE: '1' };
    const child = spawn('python3', ['-c', program, role, String(port), ...lines], { env });
    child.stderr.pipe(process.stderr);
    onTestFinished(() => {
      child.kill('SIGKILL');
    });
    return child;
  };

  it.each([
    ['QUIT', ['one', '', 'zwei ü', 'QUIT']],
    ['SRVQUIT', ['one', 'SRVQUIT']],
    ['its last line', ['one', 'two']],
  ])('asks the echo server until %s', async (farewell, lines) => {
    const asking$ = new ReplaySubject<ReturnType<typeof python>>(1);
    const openObserver = {
      next: ([bound]: readonly BoundAddress[]) => asking$.next(python('client', portOf(bound), ...lines)),
    };
    const gone$ = asking$.pipe(switchMap((asking) => fromEvent(asking, 'exit')));
    const log$ = listen(0, { ...echoOptions, openObserver }).pipe(
      // SRVQUIT stops the server: nobody else may have to.
      farewell === 'SRVQUIT' ? identity : takeUntil(gone$),
      echoServer(),
      map((line) => line.replace(/:\d+/, '')),
      toArray(),
    );

    const [log, printed] = await Promise.all([
      lastValueFrom(log$),
      firstValueFrom(asking$).then((asking) => textOf(asking.stdout)),
    ]);
    const answered = lines.filter((line) => !line.endsWith('QUIT'));
    expect(printed).toBe(answered.map((line) => `Echo back: ${line}\n`).join(''));
    expect(log).toEqual(['127.0.0.1 is here', '127.0.0.1 has left']);
  });

  it.each(['QUIT', 'SRVQUIT'])('answers the echo client until %s', async (farewell) => {
    const answering = python('server');
    const [port] = await once(answering.stdout, 'data');
    const lines$ = from(['one', '', 'zwei ü', farewell, 'too late']).pipe(paced());
    const answers$ = connect(Number(port), echoOptions).pipe(echoClient(lines$), toArray());
    expect(await lastValueFrom(answers$)).toEqual(
      ['one', '', 'zwei ü'].map((line) => `Response from server: Echo back: ${line}`),
    );
  });
}

function portOf(bound: BoundAddress | undefined): number {
  return bound && 'port' in bound ? bound.port : 0;
}
