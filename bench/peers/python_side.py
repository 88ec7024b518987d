"""One side of a run by the Python original: what it hears is told as a byte each on standard output. Ends with its standard input."""

import os
import socket
import sys
import threading

from tinyproto import TinyProtoClient, TinyProtoConnection, TinyProtoConnectionDetails, TinyProtoServer

role, size, port = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
message = bytes(size)
hear = sys.stdout.buffer


class Side(TinyProtoConnection):
    def pre_loop(self):
        if role == 'echoClient':
            self.transmit(message)
        while role == 'source' and not self.shutdown:
            self.transmit(message)

    def transmission_received(self, msg):
        if role in ('sink', 'echoClient'):
            hear.write(b'.' if len(msg) == size else b'!')
            hear.flush()
        if role in ('echoServer', 'echoClient'):
            self.transmit(message)


class Client(TinyProtoClient):
    def pre_loop(self):
        self.connect_to(TinyProtoConnectionDetails('127.0.0.1', port))


class Server(TinyProtoServer):
    def pre_loop(self):
        hear.write(b'%d\n' % own)
        hear.flush()


def end_with_input():
    sys.stdin.read()
    os._exit(0)


threading.Thread(target=end_with_input, daemon=True).start()
if port:
    Client(connection_handler=Side).start()
else:
    with socket.socket() as asking:
        asking.bind(('127.0.0.1', 0))
        own = asking.getsockname()[1]
    Server([TinyProtoConnectionDetails('127.0.0.1', own)], connection_handler=Side).start()
