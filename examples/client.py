"""Feeds two copies of a story to wirefold and prints what it says of them."""
import socket
import msgpack

connection = socket.create_connection(("127.0.0.1", 7411))
replies = msgpack.Unpacker(connection.makefile("rb", buffering=0), read_size=4096)
text = "Showers continued throughout the week in the Bahia cocoa zone, easing the drought since early January."
articles = [{"id": "wire-1", "text": text}, {"id": "site-7", "text": text + " Add new comment"}]
connection.sendall(msgpack.packb([0, 1, "add_batch", [articles]]))  # [request, number, method, params]
kind, number, error, verdicts = next(replies)
assert error is None, error
for verdict in verdicts:
    print(verdict["id"], "is in cluster", verdict["cluster"], "as", verdict["relation"])
