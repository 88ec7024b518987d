"""Runs a command in a pseudo-terminal of 80 columns: what is said here is typed there, and what it prints is printed here. Ends with its exit code."""

import fcntl
import os
import pty
import select
import struct
import sys
import termios

child, terminal = pty.fork()
if child == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack('HHHH', 24, 80, 0, 0))

keyboard = 0
watched = [terminal, keyboard]
while terminal in watched:
    for ready in select.select(watched, [], [])[0]:
        try:
            piece = os.read(ready, 65536)
        except OSError:  # how Linux says that nobody is left on the other side
            piece = b''
        if not piece:
            watched.remove(ready)
        elif ready == terminal:
            os.write(1, piece)
        else:
            os.write(terminal, piece)

_, status = os.waitpid(child, 0)
sys.exit(os.waitstatus_to_exitcode(status) % 256)
