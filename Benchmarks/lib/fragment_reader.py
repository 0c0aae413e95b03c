"""A viewer of the fragment stream that knows when each fragment came in whole."""

import socket


def fragments(host, port, path, seconds, clock):
    """Of each video fragment: milliseconds of the show, when it was whole, whether it is a keyframe.

    Those that were there already are left out.
    """
    connection = socket.create_connection((host, port))
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    raw, body, seen = b"", b"", []
    head_is_read = False
    media, is_key = None, False
    deadline = clock() + seconds
    while clock() < deadline:
        raw += connection.recv(1 << 20)
        arrived = clock()
        if not head_is_read:
            end = raw.find(b"\r\n\r\n")
            if end < 0:
                continue
            if b" 200 " not in raw[:end].split(b"\r\n")[0]:
                raise RuntimeError(raw[:end].decode(errors="replace"))
            raw, head_is_read = raw[end + 4:], True
        raw, more = unchunked(raw)
        body += more
        while len(body) >= 8 and len(body) >= int.from_bytes(body[:4], "big"):
            size, kind = int.from_bytes(body[:4], "big"), body[4:8]
            if kind == b"moof":
                place = body.index(b"tfdt") + 4
                media = int.from_bytes(body[place + 4:place + 12], "big") // 90
            elif kind == b"prft":
                is_key = True
            elif kind == b"mdat":
                seen.append((media, arrived, is_key))
                is_key = False
            body = body[size:]
    connection.close()
    # What came at once with the first answer was older.
    return [entry for entry in seen if entry[1] > seen[0][1] + 0.5]


def unchunked(raw):
    """Splits off the bytes of every chunk that is whole."""
    body = b""
    while True:
        line = raw.find(b"\r\n")
        if line < 0:
            return raw, body
        size = int(raw[:line], 16)
        if size == 0 or len(raw) < line + 2 + size + 2:
            return raw, body
        body += raw[line + 2:line + 2 + size]
        raw = raw[line + 2 + size + 2:]
