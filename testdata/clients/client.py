#!/usr/bin/env python3
"""A client of supervise in Python: client.py RUNTIME_DIR '{"verb":"status"}'
prints the answers, one a line. It exits 3 when no supervise runs there. How to talk to it
is described in supervisor/control/doc.go."""
import ctypes
import json
import os
import struct
import sys
import time

REQUEST, NEXT, REPLY, LAST = 1, 2, 4, 1
HEADER = struct.Struct("=BBHIQII")  # version, kind, flags, client, request, part, parts

libc = ctypes.CDLL(None, use_errno=True)
libc.msgsnd.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
libc.msgrcv.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_long, ctypes.c_int]
libc.msgrcv.restype = ctypes.c_ssize_t


def check(result):
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


class Supervise:
    def __init__(self, directory):
        with open(os.path.join(directory, "msgq.json")) as file:
            where = json.load(file)
        try:
            os.kill(where["owner"]["pid"], 0)
        except PermissionError:
            pass  # it is another user's, and there
        self.requests, self.replies, size = where["request"], where["reply"], where["size"]
        self.buffer = ctypes.create_string_buffer(ctypes.sizeof(ctypes.c_long) + size)
        self.client = os.getpid() << 9
        self.number = time.time_ns()

    def send(self, kind, payload=b""):
        frame = HEADER.pack(1, kind, 0, self.client, self.number, 0, 1) + payload
        message = struct.pack("l", 1) + frame
        check(libc.msgsnd(self.requests, message, len(frame), 0))

    def ask(self, request):
        """Yields every answer to a request, both as dictionaries."""
        self.number += 1
        self.send(REQUEST, json.dumps(request).encode())
        answer, skip = b"", ctypes.sizeof(ctypes.c_long)
        while True:
            n = check(libc.msgrcv(self.replies, self.buffer, len(self.buffer) - skip, self.client, 0))
            frame = self.buffer.raw[skip:skip + n]
            version, kind, flags, _, number, part, parts = HEADER.unpack_from(frame)
            if version != 1 or kind != REPLY or number != self.number:
                continue
            answer += frame[HEADER.size:]
            if part + 1 == parts:
                yield json.loads(answer)
                answer = b""
                if flags & LAST:
                    return
            self.send(NEXT)


if __name__ == "__main__":
    try:
        supervise = Supervise(sys.argv[1])
    except (FileNotFoundError, ProcessLookupError):
        sys.exit(3)
    for answer in supervise.ask(json.loads(sys.argv[2])):
        print(json.dumps(answer, separators=(",", ":")))
