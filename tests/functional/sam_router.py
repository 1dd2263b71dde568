"""A router of I2P for the tests: what a client needs of SAM 3.1 to open connections."""

import socket
import threading

from socks5_server import accept_all, pump


class SamRouter:
    """`routes`: from the name asked for to the address on loopback."""

    def __init__(self, routes):
        self.routes, self.questions, self.sessions = routes, [], []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=accept_all, args=(self.listener, self.serve), daemon=True).start()

    def read_line(self, connection):
        line = b""
        while not line.endswith(b"\n"):
            byte = connection.recv(1)
            if not byte:
                raise ConnectionError("the client has closed the connection")
            line += byte
        return line.decode().rstrip("\n")

    def serve(self, connection):
        try:
            while True:
                question = self.read_line(connection)
                self.questions.append(question)
                values = dict(word.split("=", 1) for word in question.split() if "=" in word)
                if question.startswith("HELLO VERSION"):
                    answer = "HELLO REPLY RESULT=OK VERSION=3.1"
                elif question.startswith("SESSION CREATE"):
                    self.sessions.append(connection)
                    answer = "SESSION STATUS RESULT=OK DESTINATION=private"
                elif question.startswith("NAMING LOOKUP"):
                    name = values["NAME"]
                    answer = (f"NAMING REPLY RESULT=OK NAME={name} VALUE=dest-{name}" if name in self.routes else
                              f'NAMING REPLY RESULT=KEY_NOT_FOUND NAME={name} MESSAGE="no such name"')
                elif question.startswith("STREAM CONNECT"):
                    outside = socket.create_connection(self.routes[values["DESTINATION"].removeprefix("dest-")])
                    connection.sendall(b"STREAM STATUS RESULT=OK\n")
                    threading.Thread(target=pump, args=(outside, connection), daemon=True).start()
                    pump(connection, outside)
                    return
                else:
                    answer = "I2P_ERROR RESULT=I2P_ERROR"
                connection.sendall(answer.encode() + b"\n")
        except OSError:
            connection.close()
