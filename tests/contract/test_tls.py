"""TLS on TCP: who gets in, what a stranger gets, and that all else is as without it."""

import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import msgpack

from daemon import BINARY, Client, Closed, Daemon, article, eventually, words

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from certificates import Certificates  # noqa: E402

TOKEN = "correct-horse-battery-staple"
MIB = 1 << 20


def setUpModule():
    global certificates
    certificates = Certificates()
    certificates.sign("server")


def tearDownModule():
    certificates.close()


def flags_of(name="server"):
    return ("--tls-certificate", certificates.path(name + ".pem"), "--tls-key", certificates.path(name + ".key"))


def context_of(ca="ca", client=None, version=None):
    context = ssl.create_default_context(cafile=certificates.path(ca + ".pem"))
    if version is not None:
        context.minimum_version = context.maximum_version = version
    if client is not None:
        context.load_cert_chain(certificates.path(client + ".pem"), certificates.path(client + ".key"))
    return context


class TlsCase(unittest.TestCase):
    def start(self, *flags, **options):
        daemon = Daemon(*flags_of(), *flags, **options)
        self.addCleanup(daemon.close)
        return daemon


class Served(unittest.TestCase):
    """One daemon with TLS; what the Unix socket and plain TCP do, it does."""

    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(*flags_of())
        cls.context = context_of()

    @classmethod
    def tearDownClass(cls):
        cls.daemon.close()

    def client(self, **options):
        client = self.daemon.client_tls(self.context, **options)
        self.addCleanup(client.close)
        return client

    def counters(self):
        with self.daemon.client() as client:
            return client.result("stats")["counters"]

    def test_ready_tells_the_address_that_clients_connect_to(self):
        self.assertIn(" tls://127.0.0.1:%d" % self.daemon.tcp[1], self.daemon.ready)

    def test_tls_1_2_and_1_3_are_spoken_and_nothing_older(self):
        for version, name in ((ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")):
            with self.daemon.client_tls(context_of(version=version)) as client:
                self.assertEqual(client.socket.version(), name)
                self.assertEqual(client.result("ping"), "pong")
        old = context_of(version=ssl.TLSVersion.TLSv1_1)
        old.set_ciphers("ALL:@SECLEVEL=0")
        with self.assertRaises(ssl.SSLError):
            self.daemon.client_tls(old)

    def test_ten_thousand_requests_in_one_write(self):
        client = self.client()
        # On one thread: Python's connections with TLS are not for two.
        client.send(b"".join(msgpack.packb([0, n, "ping", []]) for n in range(10000)))
        replies = [client.reply() for _ in range(10000)]
        self.assertEqual(replies, [[1, n, None, "pong"] for n in range(10000)])

    def test_one_byte_at_a_time(self):
        client = self.client()
        for byte in client.request("add", article(1)) + client.request("get", "article-1"):
            client.send(bytes([byte]))
        self.assertEqual(client.reply()[3]["id"], "article-1")
        self.assertEqual(client.reply()[3]["text"], words(1))

    def test_records_in_pieces_of_any_size(self):
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        engine = self.context.wrap_bio(incoming, outgoing, server_hostname="localhost")
        with socket.create_connection(self.daemon.tcp) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

            def pass_on():
                data = outgoing.read()
                for size in (1, 2, 3, 5, 8, 13, 100000):
                    connection.sendall(data[:size])
                    data = data[size:]
                    time.sleep(0.001)

            def run(step):
                while True:
                    try:
                        result = step()
                        pass_on()
                        return result
                    except ssl.SSLWantReadError:
                        pass_on()
                        incoming.write(connection.recv(7))

            run(engine.do_handshake)
            for n in range(20):
                run(lambda number=n: engine.write(msgpack.packb([0, number, "ping", []])))
                self.assertEqual(msgpack.unpackb(run(lambda: engine.read(100))), [1, n, None, "pong"])

    def test_giant_requests_and_replies(self):
        text = " ".join(words(n, 1000) for n in range(1200))
        self.assertGreater(len(text), 8 * MIB)
        client = self.client()
        self.assertIsNone(client.call("add", {"id": "giant", "text": text})[0])
        client.send(b"".join(client.request("get", "giant") for _ in range(4)))
        for _ in range(4):
            self.assertEqual(client.reply()[3]["text"], text)

    def test_a_client_that_closes_its_side_is_answered_and_told_goodbye(self):
        client = self.strict_client()
        client.send(b"".join(client.request("add", article(n)) for n in range(20, 40)))
        with socket.socket(fileno=os.dup(client.socket.fileno())) as raw:
            raw.shutdown(socket.SHUT_WR)
        replies = [client.reply()[3]["id"] for _ in range(20)]
        self.assertEqual(replies, ["article-%d" % n for n in range(20, 40)])
        self.assertEqual(client.socket.recv(1), b"")

    def test_a_client_that_says_goodbye_is_answered_first(self):
        client = self.client()
        client.send(client.request("add", article(50)))
        try:
            client.socket.unwrap()
        except ssl.SSLError:
            pass  # the answer comes after our goodbye
        with self.daemon.client() as other:
            self.assertTrue(eventually(lambda: other.call("get", "article-50")[0] is None))

    def test_who_is_put_out_is_told_goodbye(self):
        client = self.strict_client()
        client.send(b"\xc1")
        self.assertEqual(client.reply()[2][0], "bad_request")
        self.assertEqual(client.socket.recv(1), b"")

    def strict_client(self):
        """One that takes an end without goodbye for an error."""
        client = Client.__new__(Client)
        client.adopt(self.context.wrap_socket(socket.create_connection(self.daemon.tcp, timeout=60),
                                              server_hostname="localhost", suppress_ragged_eofs=False))
        self.addCleanup(client.close)
        return client

    def test_a_client_that_never_reads_is_not_read_from_and_memory_stays_bounded(self):
        writer = self.client()
        writer.result("add", {"id": "large", "text": " ".join(words(n, 1000) for n in range(150))})
        before = self.daemon.resident_bytes()
        client = self.client()
        client.socket.setblocking(False)
        request = msgpack.packb([0, 1, "get", ["large"]])
        sent, stalled = 0, 0
        while stalled < 20 and sent < 64 * MIB:
            try:
                sent += client.socket.send(request * 100)
                stalled = 0
            except (ssl.SSLWantWriteError, BlockingIOError):
                stalled += 1
                time.sleep(0.05)
        self.assertLess(sent, 64 * MIB)
        if not self.daemon.has_shadow_memory():
            self.assertLess(self.daemon.resident_bytes() - before, 128 * MIB)
        self.assertEqual(writer.result("ping"), "pong")

    def test_three_hundred_handshakes_at_once_all_end_well_and_others_are_served(self):
        made, failed = [], []

        def connect():
            try:
                made.append(self.client())
            except OSError as error:
                failed.append(error)

        threads = [threading.Thread(target=connect) for _ in range(300)]
        for thread in threads:
            thread.start()
        with self.daemon.client() as other:
            while any(thread.is_alive() for thread in threads):
                other.result("ping")
        self.assertEqual(failed, [])
        for client in made:
            self.assertEqual(client.result("ping"), "pong")

    def test_who_speaks_something_else_gets_nothing_and_leaves_a_counted_error(self):
        log = self.daemon.log()
        before = self.counters()["tls_failures"]
        strangers = (
            msgpack.packb([0, 1, "ping", []]), b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\r\n\r\n", b"SSH-2.0-nmap\r\n",
            b"\x00" * 100, b"\xff" * 5000, b"\x80\x2e\x01\x03\x01" + b"x" * 50, os.urandom(3000).replace(b"\x16", b"x"),
        )
        for data in strangers:
            with socket.create_connection(self.daemon.tcp, timeout=60) as stranger:
                stranger.sendall(data)
                try:
                    self.assertEqual(stranger.recv(1000), b"", data)
                except ConnectionResetError:
                    pass
        self.assertTrue(eventually(lambda: self.counters()["tls_failures"] == before + len(strangers)))
        self.assertEqual(self.daemon.log(), log)

    def test_broken_handshakes_and_records_end_their_connection_alone(self):
        before = self.counters()["tls_failures"]
        hello = self.hello()
        for cut in (6, 11, 50):
            broken = bytearray(hello)
            broken[cut] ^= 0xFF
            with socket.create_connection(self.daemon.tcp, timeout=60) as stranger:
                stranger.sendall(bytes(broken) + b"\x17\x03\x03\x00\x10" + b"x" * 16)
                self.drain(stranger)
        client = self.client()
        raw = socket.socket(fileno=os.dup(client.socket.fileno()))
        raw.sendall(b"\x17\x03\x03\x00\x20" + b"x" * 32)  # a record that nobody encrypted
        with self.assertRaises((ssl.SSLError, Closed, ConnectionResetError)):
            client.reply()
        raw.close()
        self.assertTrue(eventually(lambda: self.counters()["tls_failures"] >= before + 2))
        self.assertEqual(self.client().result("ping"), "pong")

    def hello(self):
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        engine = self.context.wrap_bio(incoming, outgoing, server_hostname="localhost")
        with self.assertRaises(ssl.SSLWantReadError):
            engine.do_handshake()
        return outgoing.read()

    def drain(self, connection):
        try:
            while connection.recv(65536):
                pass
        except ConnectionResetError:
            pass

    def test_sessions_are_not_taken_up_again(self):
        context = context_of(version=ssl.TLSVersion.TLSv1_2)
        with self.daemon.client_tls(context) as client:
            session = client.socket.session
        with socket.create_connection(self.daemon.tcp) as connection:
            with context.wrap_socket(connection, server_hostname="localhost", session=session) as again:
                self.assertFalse(again.session_reused)


class ClientCertificates(TlsCase):
    def test_only_clients_of_the_ca_are_let_in(self):
        certificates.authority("clients")
        certificates.authority("others")
        certificates.sign("newsroom", ca="clients", usage="clientAuth")
        certificates.sign("stranger", ca="others", usage="clientAuth")
        certificates.sign("not-for-clients", ca="clients", usage="serverAuth")
        daemon = self.start("--tls-client-ca", certificates.path("clients.pem"))
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with daemon.client_tls(context_of(client="newsroom", version=version)) as client:
                self.assertEqual(client.result("ping"), "pong")
            for name in (None, "stranger", "not-for-clients"):
                # With 1.3 the client has done its part before it hears the refusal: it is told why all the same.
                with self.assertRaises(ssl.SSLError) as refused:
                    with daemon.client_tls(context_of(client=name, version=version)) as client:
                        client.result("ping")
                self.assertIn("alert", str(refused.exception).lower())
        with daemon.client() as client:
            self.assertEqual(client.result("stats")["counters"]["tls_failures"], 6)


class Starting(unittest.TestCase):
    def refused(self, status, words_of_it, *flags):
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run([BINARY, "--store", os.path.join(folder, "store"), "--tcp", "127.0.0.1:0", *flags],
                                  capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertIn(words_of_it, done.stderr)

    def test_files_that_do_not_do_are_refused_in_words(self):
        certificate, key = certificates.path("server.pem"), certificates.path("server.key")
        certificates.sign("other")
        certificates.openssl("ec", "-in", key, "-aes128", "-passout", "pass:secret", "-out", "locked.key")
        self.refused(2, "--tls-key", "--tls-certificate", certificate)
        self.refused(2, "--tls-certificate", "--tls-key", key)
        self.refused(2, "--tls-client-ca", "--tls-client-ca", certificate)
        self.refused(1, "/nonexistent", "--tls-certificate", "/nonexistent", "--tls-key", key)
        self.refused(1, "--tls-certificate", "--tls-certificate", key, "--tls-key", key)
        self.refused(1, "--tls-key", "--tls-certificate", certificate, "--tls-key", certificates.path("other.key"))
        self.refused(1, "--tls-key", "--tls-certificate", certificate, "--tls-key", certificates.path("locked.key"))
        self.refused(1, "--tls-client-ca", *flags_of(), "--tls-client-ca", key)

    def test_a_certificate_that_ends_soon_and_a_key_that_others_may_read_are_warned_of(self):
        certificates.sign("soon", days=3)
        os.chmod(certificates.path("soon.key"), 0o644)
        daemon = Daemon(*flags_of("soon"))
        self.assertIn("certificate expires soon", daemon.log())
        self.assertIn("key can be read by others", daemon.log())
        daemon.close()

    def test_with_token_and_tls_every_address_may_be_listened_on_and_strangers_get_nothing(self):
        daemon = Daemon(*flags_of(), "--tcp", "0.0.0.0:0", environment={"WIREFOLD_TOKEN": TOKEN})
        self.addCleanup(daemon.close)
        log = daemon.log()
        with daemon.client_tls(context_of()) as client:
            for method in ("ping", "info", "stats", "add", "nonsense"):
                self.assertEqual(client.error(method)[0], "denied")
            self.assertIs(client.result("auth", TOKEN), True)
            self.assertEqual(client.result("ping"), "pong")
        with socket.create_connection(daemon.tcp) as stranger:
            stranger.sendall(msgpack.packb([0, 1, "auth", [TOKEN]]))
            try:
                self.assertEqual(stranger.recv(100), b"")
            except ConnectionResetError:
                pass
        self.assertEqual(daemon.log(), log)


class Reload(TlsCase):
    def reloaded(self, daemon, count):
        daemon.signal(signal.SIGHUP)
        self.assertTrue(eventually(lambda: len(re.findall("reloaded", daemon.log())) >= count), daemon.log())

    def serial(self, daemon):
        with daemon.client_tls(context_of()) as client:
            return client.socket.getpeercert()["serialNumber"]

    def copy(self, name, to):
        for end in (".pem", ".key"):
            with open(certificates.path(name + end), "rb") as source:
                data = source.read()
            with open(certificates.path(to + end), "wb") as file:
                file.write(data)

    def test_sighup_brings_new_files_and_drops_nobody(self):
        certificates.sign("first")
        certificates.sign("second")
        self.copy("first", "used")
        with tempfile.NamedTemporaryFile("w") as token:
            token.write("the first token, long enough\n")
            token.flush()
            daemon = Daemon(*flags_of("used"), "--token-file", token.name)
            self.addCleanup(daemon.close)
            old = daemon.client_tls(context_of())
            self.addCleanup(old.close)
            self.assertIs(old.result("auth", "the first token, long enough"), True)
            first = self.serial(daemon)
            self.copy("second", "used")
            token.seek(0)
            token.write("the other token, long enough\n")
            token.flush()
            self.assertEqual(self.serial(daemon), first)
            self.reloaded(daemon, 2)
            second = self.serial(daemon)
            self.assertNotEqual(second, first)
            self.assertEqual(old.result("ping"), "pong")
            with daemon.client_tls(context_of()) as client:
                self.assertEqual(client.error("auth", "the first token, long enough")[0], "denied")
                self.assertIs(client.result("auth", "the other token, long enough"), True)

            # What cannot be used changes nothing.
            with open(certificates.path("used.key"), "w", encoding="ascii") as file:
                file.write("nonsense")
            token.seek(0)
            token.truncate()
            self.reloaded(daemon, 4)
            self.assertEqual(len(re.findall("level=error fact=\"not reloaded", daemon.log())), 2, daemon.log())
            self.assertEqual(self.serial(daemon), second)
            with daemon.client_tls(context_of()) as client:
                self.assertIs(client.result("auth", "the other token, long enough"), True)
            self.assertEqual(old.result("ping"), "pong")

    def test_sighup_without_files_is_harmless(self):
        daemon = Daemon()
        self.addCleanup(daemon.close)
        with daemon.client() as client:
            self.reloaded(daemon, 1)
            self.assertEqual(client.result("ping"), "pong")


class PlainPort(unittest.TestCase):
    def test_tls_http_and_scanners_are_counted_and_not_logged(self):
        daemon = Daemon()
        self.addCleanup(daemon.close)
        log = daemon.log()
        context = ssl.create_default_context()
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        try:
            context.wrap_bio(incoming, outgoing, server_hostname="localhost").do_handshake()
        except ssl.SSLWantReadError:
            pass
        strangers = (outgoing.read(), b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"OPTIONS sip:nm SIP/2.0\r\n\r\n",
                     b"SSH-2.0-OpenSSH_9.2\r\n", b"\xc1" * 10, b"HELP\r\n\r\n" * 5)
        for data in strangers:
            with Client(daemon.tcp) as stranger:
                stranger.send(data)
                self.assertEqual(stranger.reply()[2][0], "bad_request", data)
                with self.assertRaises((Closed, ConnectionResetError)):
                    stranger.reply()
        with daemon.client() as client:
            self.assertEqual(client.result("stats")["counters"]["garbage"], len(strangers))
        self.assertEqual(daemon.log(), log)


if __name__ == "__main__":
    unittest.main()
