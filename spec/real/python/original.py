"""A peer that runs the Python original, 2.0.1 or 3.0, whichever is on the path: its own server and client, with its own loops."""

import socket

import tinyproto
from peer import behaviour, may_end, obey, script, tell, tell_of_dead_threads
from tinyproto import TinyProtoClient, TinyProtoConnection, TinyProtoServer

IS_OLD = not hasattr(tinyproto, 'TinyProtoConnectionDetails')


class Conversation(TinyProtoConnection):
    def pre_loop(self):
        self.does = behaviour()
        self.does.opened(self)

    def transmission_received(self, msg):
        self.does.message(self, msg)

    def post_loop(self):
        self.does.ended(self)


class Client(TinyProtoClient):
    def pre_loop(self):
        where = (script.get('host', '127.0.0.1'), script['port'])
        for _ in range(script.get('connections', 1)):
            if IS_OLD:
                self.connect_to(*where)
            else:
                self.connect_to(tinyproto.TinyProtoConnectionDetails(*where))

    def loop_pass(self):
        if may_end() and not any(each.is_alive() for each in self.active_connections.values()):
            self.shutdown = True


class Server(TinyProtoServer):
    def pre_loop(self):
        tell('listening', port=self.port)


def client():
    if IS_OLD:
        made = Client()
        made.set_conn_handler(Conversation)
        if 'timeout' in script:
            made.set_timeout(script['timeout'])
        return made
    return Client(connection_handler=Conversation, timeout=script.get('timeout', 5))


def server(port):
    limit = script.get('limit')
    if IS_OLD:
        made = Server()
        made.add_addr('127.0.0.1', port)
        made.set_conn_handler(Conversation)
        made.connection_limit = limit
    else:
        where = tinyproto.TinyProtoConnectionDetails('127.0.0.1', port)
        made = Server([where], connection_handler=Conversation, connection_limit=limit)
    made.port = port
    return made


def free_port():
    """The original cannot listen on port 0, so somebody has to choose."""
    with socket.socket() as asking:
        asking.bind(('127.0.0.1', 0))
        return asking.getsockname()[1]


def run(made):
    obey(lambda: setattr(made, 'shutdown', True))
    made.start()


tell_of_dead_threads()
if script['role'] == 'client':
    run(client())
else:
    run(server(free_port()))
