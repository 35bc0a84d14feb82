"""What the kernel alone needs: the same datagrams received and sent on by recvmmsg and sendmmsg, and nothing else.

    python -m tests.bench.media_floor     reads {"rooms": [[[host, port], ...], ...]} and prints its port

A datagram goes to everybody else of the room that it came from, as it is: no keys, no headers, no gates.
"""

from __future__ import annotations

import json
import select
import socket
import sys

from signalling.mmsg import NAME, Batch, sockaddr
from signalling.outbox import Destination
from tests.bench.volley import Volley

KEY = 8


def main() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        told = json.loads(sys.stdin.readline())
        sock.bind((told["host"], 0))
        sock.setblocking(False)
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            sock.setsockopt(socket.SOL_SOCKET, option, 8 << 20)
        others: dict[bytes, list[Destination]] = {}
        for room in told["rooms"]:
            names = [sockaddr((host, port), socket.AF_INET) for host, port in room]
            for name in names:
                others[name[:KEY]] = [Destination(other) for other in names if other is not name]
        print(sock.getsockname()[1], flush=True)
        _forward(sock, others)


def _forward(sock: socket.socket, others: dict[bytes, list[Destination]]) -> None:
    fd = sock.fileno()
    came, goes = Batch(64, socket.AF_INET), Volley(256)
    poll = select.epoll()
    poll.register(fd, select.EPOLLIN)
    while True:
        poll.poll()
        while count := came.receive(fd):
            taken = 0
            for i in range(count):
                n = came.lengths[16 * i + 14]
                for name in others[came.addresses[NAME * i : NAME * i + KEY]]:
                    if taken == goes.count:
                        goes.send(fd, taken)
                        taken = 0
                    goes.views[taken][:n] = came.views[i][:n]
                    goes.names[8 * taken] = name.pointer
                    goes.sizes[2 * taken + 1] = n
                    taken += 1
            goes.send(fd, taken)


if __name__ == "__main__":
    main()
