"""A peer that needs no package: written from the facts in the protocol's description, with nothing but sockets."""

import select
import socket
import threading

from peer import behaviour, may_end, obey, script, stopping, tell, tell_of_dead_threads

OK = b'\xff'
FULL = b'\xfe'

class Refused(Exception):
    pass


class CutShort(Exception):
    pass


class Conversation:
    """One socket, one thread. Either it listens, or it speaks."""

    def __init__(self, connected):
        self.socket_o = connected
        self.shutdown = False
        self.does = behaviour()

    def run(self):
        self.socket_o.settimeout(script.get('timeout', 5))
        self.send(OK)
        first = self.exactly(1)
        if first != OK:
            raise Refused(f'opening byte {first.hex()}')
        self.does.opened(self)
        while not (self.shutdown or stopping.is_set()):
            if not self.something_comes():
                continue
            received = self.receive()
            if received is None:
                break
            self.does.message(self, received)
        self.does.ended(self)
        self.socket_o.close()

    def transmit(self, message):
        self.send(len(message).to_bytes(4, 'big'))
        answer = self.exactly(1)
        if answer != OK:
            raise Refused(f'answer {answer.hex()}')
        self.send(message)

    def receive(self):
        """The next message, or None at the end of the conversation."""
        first = self.socket_o.recv(1)
        if first == b'':
            return None
        size = int.from_bytes(first + self.exactly(3), 'big')
        self.send(OK)
        return self.exactly(size)

    def something_comes(self):
        return select.select([self.socket_o], [], [], 0.02)[0] != []

    def exactly(self, size):
        pieces = []
        while size > 0:
            piece = self.socket_o.recv(min(size, 1 << 20))
            if piece == b'':
                raise CutShort(f'{size} bytes are missing')
            pieces.append(piece)
            size -= len(piece)
        return b''.join(pieces)

    def send(self, piece):
        rest = memoryview(piece)
        while rest:
            rest = rest[self.socket_o.send(rest) :]


# Keeps what a dead thread leaves open from being closed by the garbage collector.
conversations = []


def start(connected):
    conversation = Conversation(connected)
    conversations.append(conversation)
    thread = threading.Thread(target=conversation.run, daemon=True)
    thread.start()
    return thread


def client():
    where = (script.get('host', '127.0.0.1'), script['port'])
    connections = [socket.create_connection(where) for _ in range(script.get('connections', 1))]
    for thread in [start(each) for each in connections]:
        thread.join()
    if not may_end():
        stopping.wait()


def server():
    listener = socket.create_server(('127.0.0.1', 0))
    tell('listening', port=listener.getsockname()[1])
    threads = []
    while not stopping.is_set():
        if not select.select([listener], [], [], 0.02)[0]:
            continue
        connected, _ = listener.accept()
        threads = [each for each in threads if each.is_alive()]
        if len(threads) == script.get('limit'):
            connected.send(FULL)
            connected.close()
        else:
            threads.append(start(connected))
    for each in threads:
        each.join()


tell_of_dead_threads()
obey(lambda: None)
if script['role'] == 'client':
    client()
else:
    server()
