"""Echoes, or is echoed, in framings written with nothing but asyncio and struct. Told what to do as JSON, tells what happens as JSON."""

import asyncio
import json
import struct
import sys

script = json.loads(sys.argv[1])


def tell(event, **rest):
    print(json.dumps({'event': event, **rest}), flush=True)


class Prefixed:
    """A size, as struct packs it; `counted` is how many bytes of its own it counts."""

    def __init__(self, packing, counted=0):
        self.size = struct.Struct(packing)
        self.counted = counted

    async def read(self, reader):
        (size,) = self.size.unpack(await reader.readexactly(self.size.size))
        return await reader.readexactly(size - self.counted)

    def frame(self, message):
        return self.size.pack(len(message) + self.counted) + message


class Varint:
    async def read(self, reader):
        size = shift = 0
        while True:
            (byte,) = await reader.readexactly(1)
            size |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return await reader.readexactly(size)

    def frame(self, message):
        size, head = len(message), bytearray()
        while size > 127:
            head.append(size & 127 | 128)
            size >>= 7
        head.append(size)
        return bytes(head) + message


class Delimited:
    """Reads up to what ends a message, and ends its own with it."""

    def __init__(self, ending):
        self.ending = ending

    async def read(self, reader):
        return (await reader.readuntil(self.ending))[: -len(self.ending)]

    def frame(self, message):
        return message + self.ending


class Fixed:
    async def read(self, reader):
        return await reader.readexactly(188)

    def frame(self, message):
        return message


class Json:
    """Texts without a delimiter: tries after each chunk whether one is whole."""

    def __init__(self):
        self.text = ''

    async def read(self, reader):
        while True:
            try:
                value, end = json.JSONDecoder().raw_decode(self.text)
                self.text = self.text[end:].lstrip()
                return json.dumps(value, separators=(',', ':')).encode()
            except ValueError:
                chunk = await reader.read(7)
                if not chunk:
                    raise asyncio.IncompleteReadError(self.text.encode(), None)
                self.text += chunk.decode()

    def frame(self, message):
        return message


framings = {
    'length': lambda: Prefixed('>I'),
    'length-little': lambda: Prefixed('<H', counted=2),
    'length-8': lambda: Prefixed('>Q'),
    'varint': Varint,
    'lines': lambda: Delimited(b'\n'),
    'lines-crlf': lambda: Delimited(b'\r\n'),
    'delimited': lambda: Delimited(b'\0'),
    'fixed': Fixed,
    'json': Json,
}


async def echo(reader, writer):
    framing = framings[script['do']]()
    try:
        while True:
            writer.write(framing.frame(await framing.read(reader)))
            await writer.drain()
    except asyncio.IncompleteReadError as end:
        tell('ended', half=len(end.partial))
    writer.close()


async def serve():
    server = await asyncio.start_server(echo, '127.0.0.1', 0, limit=1 << 22)
    tell('listening', port=server.sockets[0].getsockname()[1])
    await server.serve_forever()


async def ask():
    reader, writer = await asyncio.open_connection('127.0.0.1', script['port'], limit=1 << 22)
    framing = framings[script['do']]()
    messages = [bytes.fromhex(message) for message in script['messages']]
    # All at once, so that frames come cut and joined as the kernel likes.
    writer.writelines(framing.frame(message) for message in messages)
    answers = [await framing.read(reader) for _ in messages]
    writer.write_eof()
    rest = await reader.read()
    tell('answered', same=answers == messages, rest=len(rest))


asyncio.run(serve() if script['role'] == 'server' else ask())
