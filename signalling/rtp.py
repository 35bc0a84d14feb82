"""Reading RTP headers where they lie (RFC 3550 5.1, RFC 8285, RFC 7741).  Pure; safe on any bytes.

Each function takes the buffer and the length `n` of the packet in it: the buffer is reused and longer than the packet.
None of them allocates, since they stand on the hot path.
"""

from __future__ import annotations

from collections.abc import Sequence

Buffer = Sequence[int]
HEADER = 12


def payload_offset(b: Buffer, n: int) -> int:
    """Where the payload begins, or 0 when the header does not fit into the packet."""
    offset = HEADER + 4 * (b[0] & 15)
    if b[0] & 0x10:
        if offset + 4 > n:
            return 0
        offset += 4 + 4 * (b[offset + 2] << 8 | b[offset + 3])
    return offset if offset <= n else 0


def payload_end(b: Buffer, n: int, offset: int) -> int:
    """Where the payload ends: before the padding, and never before `offset`."""
    if b[0] & 0x20 and n > offset:
        return max(offset, n - b[n - 1])
    return n


def find_extension(b: Buffer, n: int, number: int, size: int) -> int:
    """Where the data of the one-byte header extension `number` with `size` bytes stand, or 0."""
    if not b[0] & 0x10:
        return 0
    p = HEADER + 4 * (b[0] & 15)
    if p + 4 > n or b[p] != 0xBE or b[p + 1] != 0xDE:
        return 0
    end = p + 4 + 4 * (b[p + 2] << 8 | b[p + 3])
    if end > n:
        return 0
    tag = number << 4 | size - 1
    p += 4
    while p < end:
        x = b[p]
        if x == tag:
            return p + 1 if p + 1 + size <= end else 0
        if x == 0:
            p += 1
        else:
            p += (x & 15) + 2
    return 0


def starts_key_frame(b: Buffer, p: int, n: int) -> bool:
    """Does a VP8 key frame begin with this packet, whose payload stands at p..n?

    Reads the payload descriptor and one bit of the payload header, which stay in the clear also when the frames are
    encrypted end to end.
    """
    if n - p < 3 or not b[p] & 0x10 or b[p] & 0x07:
        return False
    i = p + 1
    if b[p] & 0x80:
        x = b[i]
        i += 1
        if x & 0x80:
            if i >= n:
                return False
            i += 2 if b[i] & 0x80 else 1
        if x & 0x40:
            i += 1
        if x & 0x30:
            i += 1
    return i < n and not b[i] & 1
