"""A connection to a server, for scripts that have no client library."""

import socket


class Wire:
    """A connection that sends inline or multibulk requests and reads whole replies."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=120)
        self.file = self.socket.makefile("rb")

    def ask(self, *words):
        self.send([words])
        return self.reply()

    def send(self, requests):
        out = []
        for words in requests:
            out.append(b"*%d\r\n" % len(words))
            for word in words:
                word = word if isinstance(word, bytes) else str(word).encode()
                out.append(b"$%d\r\n%s\r\n" % (len(word), word))
        self.socket.sendall(b"".join(out))

    def reply(self):
        line = self.file.readline().rstrip(b"\r\n")
        kind, rest = line[:1], line[1:]
        if kind == b"$":
            return None if rest == b"-1" else self.file.read(int(rest) + 2)[:-2].decode(errors="replace")
        if kind == b"*":
            return [self.reply() for _ in range(int(rest))]
        return rest.decode()

    def info(self, section):
        text = self.ask("INFO", section)
        return dict(line.split(":", 1) for line in text.split("\r\n") if ":" in line)
