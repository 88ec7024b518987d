"""File transfer by letters, on the Python original: what a program like tpft does, written from the list of its letters. Strict: a letter with any other field is an error.

One JSON object says what to do: {"role": "server", "root": …}, or {"role": "client", "port": …, "do": "upload" | "download", "here": …, "there": …}. A server
tells its port; a client tells how it went, and ends.
"""

import json
import os
import socket
import sys
import threading

import tinyproto
from tinyproto import TinyProtoClient, TinyProtoConnection, TinyProtoServer

IS_OLD = not hasattr(tinyproto, 'TinyProtoConnectionDetails')
CHUNK = 4 * 1024 * 1024
FIELDS = {
    'upload-request': {'file_size', 'destination_path'},
    'download-request': {'download_path'},
    'download-confirmation': {'file_size'},
    'confirmed': set(),
    'rejected': {'reason'},
    'close': set(),
}

script = json.loads(sys.argv[1])


def tell(**facts):
    print(json.dumps(facts), flush=True)


class Talk(TinyProtoConnection):
    def say(self, type, **letter):
        self.transmit(json.dumps({'type': type, 'letter': letter}, separators=(',', ':')).encode())

    def read(self, message):
        whole = json.loads(bytes(message).decode())
        assert set(whole) == {'type', 'letter'}, whole
        assert set(whole['letter']) == FIELDS[whole['type']], whole
        return whole['type'], whole['letter']

    def hear(self):
        return self.read(self.receive())

    def give(self, path, size):
        with open(path, 'rb') as file:
            while size > 0:
                chunk = file.read(min(CHUNK, size))
                self.transmit(chunk)
                size -= len(chunk)

    def take(self, path, size):
        with open(path, 'wb') as file:
            while size > 0:
                chunk = self.receive()
                file.write(chunk)
                size -= len(chunk)
        assert size == 0


class Asking(Talk):
    def pre_loop(self):
        try:
            tell(done=getattr(self, script['do'])(script['here'], script['there']))
        finally:
            self.shutdown = True

    def upload(self, here, there):
        size = os.path.getsize(here)
        self.say('upload-request', file_size=size, destination_path=there)
        type, letter = self.hear()
        if type == 'rejected':
            return letter['reason']
        self.give(here, size)
        type, letter = self.hear()
        self.say('close')
        return type

    def download(self, here, there):
        self.say('download-request', download_path=there)
        type, letter = self.hear()
        if type == 'rejected':
            return letter['reason']
        self.say('confirmed')
        self.take(here, letter['file_size'])
        self.say('confirmed')
        self.say('close')
        return type


class Answering(Talk):
    def transmission_received(self, message):
        type, letter = self.read(message)
        if type == 'close':
            self.shutdown = True
        elif type == 'upload-request':
            path = os.path.join(script['root'], letter['destination_path'])
            if os.path.exists(path):
                self.say('rejected', reason='Exists\x1b[2J\nalready')
                return
            self.say('confirmed')
            self.take(path, letter['file_size'])
            self.say('confirmed')
        else:
            path = os.path.join(script['root'], letter['download_path'])
            size = os.path.getsize(path)
            self.say('download-confirmation', file_size=size)
            assert self.hear()[0] == 'confirmed'
            self.give(path, size)
            assert self.hear()[0] == 'confirmed'


class Client(TinyProtoClient):
    def pre_loop(self):
        where = ('127.0.0.1', script['port'])
        if IS_OLD:
            self.connect_to(*where)
        else:
            self.connect_to(tinyproto.TinyProtoConnectionDetails(*where))

    def loop_pass(self):
        if not any(each.is_alive() for each in self.active_connections.values()):
            self.shutdown = True


class Server(TinyProtoServer):
    def pre_loop(self):
        tell(port=self.port)


def died(args):
    tell(error=f'{args.exc_type.__name__}: {args.exc_value}')
    os._exit(1)


threading.excepthook = died
if script['role'] == 'client':
    client = Client() if IS_OLD else Client(connection_handler=Asking)
    if IS_OLD:
        client.set_conn_handler(Asking)
    client.start()
else:
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        port = free.getsockname()[1]
    if IS_OLD:
        server = Server()
        server.add_addr('127.0.0.1', port)
        server.set_conn_handler(Answering)
    else:
        server = Server([tinyproto.TinyProtoConnectionDetails('127.0.0.1', port)], connection_handler=Answering)
    server.port = port
    server.start()
