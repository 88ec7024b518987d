"""What a Python peer does in a conversation, and how a spec talks to it. Both kinds of peers use it: `original.py` and `facts.py`.

A program is given one JSON object: its role (`server` or `client`), what to do in each conversation (`do`), and more. It tells what happens in lines
of JSON on its standard output and takes commands, one word a line, from its standard input; when that ends, so does the program.

A conversation, whoever implements it, has `transmit(message)`, `receive()` for the one next message, `shutdown`, which ends it, and `socket_o`.
"""

import json
import os
import socket
import sys
import threading
import time
import zlib

script = json.loads(sys.argv[1])

_telling = threading.Lock()


def tell(event, **facts):
    line = json.dumps({'event': event, **facts}) + '\n'
    with _telling:
        sys.stdout.write(line)
        sys.stdout.flush()


def message(what, index):
    """A text is itself, a number the size of a pattern; `index` tells messages of one size apart. `patterned` in `python.ts` makes the same."""
    if isinstance(what, str):
        return what.encode()
    pattern = bytes((what + index + at) % 251 for at in range(251))
    return (pattern * (what // 251 + 1))[:what]


def messages():
    return [message(what, index) for index, what in enumerate(script['messages'])]


class Echo:
    """Every message comes back."""

    def opened(self, conversation):
        tell('opened')

    def message(self, conversation, received):
        conversation.transmit(received)

    def ended(self, conversation):
        tell('ended')


class Sink(Echo):
    """Tells of every message."""

    def message(self, conversation, received):
        tell('message', size=len(received), crc=zlib.crc32(received))


class Talk(Echo):
    """One message, then its answer, which must be the same; then the next. Ends the conversation."""

    def opened(self, conversation):
        wrong = 0
        for each in messages():
            conversation.transmit(each)
            wrong += bytes(conversation.receive()) != each
        tell('talked', count=len(script['messages']), wrong=wrong)
        conversation.shutdown = True


class Burst(Echo):
    """All messages at once; then as many answers, which must be the same. Ends the conversation."""

    def opened(self, conversation):
        self.missing = messages()
        self.wrong = 0
        for each in messages():
            conversation.transmit(each)
        tell('burst')

    def message(self, conversation, received):
        self.wrong += bytes(received) != self.missing.pop(0)
        if not self.missing:
            tell('talked', count=len(script['messages']), wrong=self.wrong)
            conversation.shutdown = True


class Stream(Sink):
    """All messages, one way. Ends the conversation."""

    def opened(self, conversation):
        # Otherwise a header waits some 40 ms until the payload before it is acknowledged.
        conversation.socket_o.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for index, each in enumerate(messages()):
            conversation.transmit(each)
            tell('transmitted', index=index)
        conversation.shutdown = True


class Speak(Sink):
    """All messages at once, and goes on listening."""

    def opened(self, conversation):
        for each in messages():
            conversation.transmit(each)


class Babble(Sink):
    """Transmits without a pause, and so into whatever the other side says."""

    def opened(self, conversation):
        while not conversation.shutdown:
            conversation.transmit(b'bla')


class Fail(Echo):
    """Fails in the middle of its work, as programs do."""

    def message(self, conversation, received):
        raise RuntimeError('failed at work')


class Half(Echo):
    """Stops in the middle of a message."""

    def opened(self, conversation):
        conversation.socket_o = Stalling(conversation.socket_o, script['after'])
        conversation.transmit(message(script['size'], 0))


class Stalling:
    """A socket that takes so many bytes, and then no more."""

    def __init__(self, behind, left):
        self.behind = behind
        self.left = left

    def send(self, piece):
        if self.left == 0:
            tell('stalled')
            time.sleep(60)
        taken = self.behind.send(piece[: self.left])
        self.left -= taken
        return taken

    def recv(self, size):
        return self.behind.recv(size)


behaviours = {each.__name__.lower(): each for each in (Echo, Sink, Talk, Burst, Stream, Speak, Babble, Fail, Half)}


def behaviour():
    return behaviours[script['do']]()


stopping = threading.Event()


def may_end():
    """Whether a client may end once its conversations are over; until it does, what a dead thread leaves open stays open."""
    return stopping.is_set() or not script.get('linger', False)


def obey(stop):
    """Takes commands, in a thread of its own."""

    def listen():
        for line in sys.stdin:
            if line.strip() == 'stop':
                stopping.set()
                stop()
        os._exit(0)

    threading.Thread(target=listen, daemon=True).start()


def tell_of_dead_threads():
    """A thread that dies of an error is told of, with the error, instead of being printed."""

    def died(args):
        tell('died', error=f'{args.exc_type.__name__}: {args.exc_value}')

    threading.excepthook = died
