"""The daemon under a manager of services: readiness, sockets that it is handed, the journal, signals at any time."""

import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest


from daemon import BINARY, Client, Closed, article, eventually

WAIT_SECONDS = 60


class ServiceCase(unittest.TestCase):
    """Starts daemons as a manager does: LISTEN_PID is the number of the process itself, which a shell knows first."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="wirefoldd-service-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.store = os.path.join(self.folder, "store")
        self.log_path = os.path.join(self.folder, "log")

    def spawn(self, *flags, sockets=(), environment=None, wait=True, pid="$$"):
        """The process, and the line that says that it is ready."""
        def hand_over():
            # Above the descriptors that they go to, so that none is overwritten before it is copied.
            high = [os.dup2(one.fileno(), 100 + n) for n, one in enumerate(sockets)]
            for n, descriptor in enumerate(high):
                os.dup2(descriptor, 3 + n)

        log = open(self.log_path, "ab")
        self.addCleanup(log.close)
        stream = os.fstat(log.fileno())
        more = {"LISTEN_FDS": str(len(sockets))} if sockets else {}
        more.update(environment or {})
        if more.pop("JOURNAL", None):
            more["JOURNAL_STREAM"] = "%d:%d" % (stream.st_dev, stream.st_ino)
        process = subprocess.Popen(
            ["/bin/sh", "-c", 'LISTEN_PID=%s exec "$@"' % pid, "sh", BINARY, "--store", self.store, *flags],
            stdout=subprocess.PIPE, stderr=log, env=dict(os.environ, **more), preexec_fn=hand_over if sockets else None,
            close_fds=not sockets)
        self.addCleanup(self.end, process)
        return process, process.stdout.readline().decode() if wait else ""

    def end(self, process):
        if process.poll() is None:
            process.terminate()
        process.wait(WAIT_SECONDS)
        process.stdout.close()

    def stop(self, process):
        process.terminate()
        self.assertEqual(process.wait(WAIT_SECONDS), 0, self.log())

    def log(self):
        with open(self.log_path, encoding="utf-8") as log:
            return log.read()

    def listener(self, address=("127.0.0.1", 0)):
        one = socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET)
        self.addCleanup(one.close)
        one.bind(address)
        one.listen(1000)
        return one


class Notify(ServiceCase):
    def manager(self, abstract=False):
        name = "@wirefold-test-%d" % os.getpid() if abstract else os.path.join(self.folder, "notify")
        manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(manager.close)
        manager.bind(name.replace("@", "\0", 1))
        manager.settimeout(WAIT_SECONDS)
        return manager, name

    def test_it_tells_when_it_serves_reloads_and_stops(self):
        for abstract in (False, True):
            manager, name = self.manager(abstract)
            process, line = self.spawn("--tcp", "127.0.0.1:0", environment={"NOTIFY_SOCKET": name})
            self.assertTrue(line.startswith("ready"))
            self.assertEqual(manager.recv(4096), b"STATUS=Loading")
            self.assertEqual(manager.recv(4096), b"READY=1\nSTATUS=Serving")
            process.send_signal(signal.SIGHUP)
            self.assertRegex(manager.recv(4096).decode(), r"^RELOADING=1\nMONOTONIC_USEC=\d+$")
            self.assertEqual(manager.recv(4096), b"READY=1")
            self.stop(process)
            self.assertEqual(manager.recv(4096), b"STOPPING=1")

    def test_a_manager_who_is_not_there_or_does_not_listen_holds_up_nothing(self):
        _, name = self.manager()  # its queue fills up
        for path in (name, "/nonexistent/notify", "relative", "", "/" + "x" * 200):
            process, line = self.spawn("--tcp", "127.0.0.1:0", environment={"NOTIFY_SOCKET": path})
            self.assertTrue(line.startswith("ready"))
            for n in range(20):
                process.send_signal(signal.SIGHUP)
            self.stop(process)

    def test_lines_have_their_priority_in_the_journal_alone(self):
        process, _ = self.spawn("--tcp", "127.0.0.1:0", environment={"JOURNAL": "yes", "WIREFOLD_TOKEN": "short"})
        self.stop(process)
        lines = self.log().splitlines()
        self.assertTrue(all(re.match(r"<[3467]>time=", line) for line in lines), lines)
        self.assertTrue(any(line.startswith("<4>") and "token is short" in line for line in lines))
        os.unlink(self.log_path)
        process, _ = self.spawn("--tcp", "127.0.0.1:0", environment={"JOURNAL_STREAM": "1:1"})
        self.stop(process)
        self.assertTrue(all(line.startswith("time=") for line in self.log().splitlines()))


class Signals(ServiceCase):
    def test_sigterm_and_sigint_before_it_serves_end_it_at_once(self):
        # Reading the token waits for a writer who does not come: a start that takes for ever.
        fifo = os.path.join(self.folder, "token")
        os.mkfifo(fifo)
        manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(manager.close)
        manager.bind(os.path.join(self.folder, "notify"))
        manager.settimeout(WAIT_SECONDS)
        for number in (signal.SIGTERM, signal.SIGINT):
            process, _ = self.spawn("--tcp", "127.0.0.1:0", "--token-file", fifo, wait=False,
                                    environment={"NOTIFY_SOCKET": manager.getsockname()})
            self.assertEqual(manager.recv(4096), b"STATUS=Loading")
            process.send_signal(number)
            self.assertEqual(process.wait(WAIT_SECONDS), 0, self.log())
            self.assertEqual(manager.recv(4096), b"STOPPING=1")
            self.assertEqual(process.stdout.read(), b"")
        self.assertIn("stop before serving", self.log())

    def test_sigterm_at_any_moment_of_a_start_ends_it_with_status_0_and_loses_nothing(self):
        process, line = self.spawn("--tcp", "127.0.0.1:0")
        with Client(("127.0.0.1", int(line.rsplit(":", 1)[1]))) as client:
            for first in range(0, 20000, 1000):
                client.result("add_batch", [article(n) for n in range(first, first + 1000)])
        self.stop(process)
        fifo = os.path.join(self.folder, "notify")
        manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(manager.close)
        manager.bind(fifo)
        manager.settimeout(WAIT_SECONDS)
        for n in range(12):
            process, _ = self.spawn("--tcp", "127.0.0.1:0", wait=False, environment={"NOTIFY_SOCKET": fifo})
            while manager.recv(4096) != b"STATUS=Loading":
                pass
            time.sleep(n * 0.015)
            self.stop(process)
        process, line = self.spawn("--tcp", "127.0.0.1:0")
        with Client(("127.0.0.1", int(line.rsplit(":", 1)[1]))) as client:
            self.assertEqual(client.result("stats")["articles"], 20000)


class Sockets(ServiceCase):
    def test_sockets_that_are_handed_over_take_the_place_of_the_settings(self):
        tcp, path = self.listener(), os.path.join(self.folder, "handed")
        unix = self.listener(path)
        process, line = self.spawn("--tcp", "127.0.0.1:1", "--unix", os.path.join(self.folder, "unused"),
                                   sockets=(tcp, unix))
        self.assertEqual(line, "ready tcp://127.0.0.1:%d unix:%s\n" % (tcp.getsockname()[1], path))
        for address in (tcp.getsockname(), path):
            with Client(address) as client:
                self.assertEqual(client.result("ping"), "pong")
        self.assertFalse(os.path.exists(os.path.join(self.folder, "unused")))
        self.stop(process)
        self.assertTrue(os.path.exists(path))  # it is the manager's

    def test_a_setting_holds_for_the_kind_that_was_not_handed_over(self):
        path = os.path.join(self.folder, "own")
        process, line = self.spawn("--unix", path, sockets=(self.listener(),))
        self.assertIn("unix:" + path, line)
        self.stop(process)
        self.assertFalse(os.path.exists(path))
        unix = self.listener(os.path.join(self.folder, "handed"))
        process, line = self.spawn("--tcp", "none", sockets=(unix,))
        self.assertNotIn("tcp://", line)
        self.stop(process)

    def test_they_are_under_the_same_rule_as_the_setting(self):
        process, line = self.spawn(sockets=(self.listener(("0.0.0.0", 0)),))
        self.assertEqual((process.wait(WAIT_SECONDS), line), (1, ""))
        self.assertIn("no loopback address", self.log())

    def test_what_is_no_listening_socket_is_refused_in_words(self):
        pair = socket.socketpair()
        datagram = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for one in (*pair, datagram):
            self.addCleanup(one.close)
        with open(os.devnull, "rb") as file:
            for wrong in (pair[0], datagram, file):
                process, _ = self.spawn(sockets=(wrong,))
                self.assertEqual(process.wait(WAIT_SECONDS), 1)
                self.assertIn("LISTEN_FDS: descriptor 3", self.log())
        process, _ = self.spawn(sockets=[self.listener() for _ in range(9)])
        self.assertEqual(process.wait(WAIT_SECONDS), 1)
        self.assertIn("at most 8", self.log())

    def test_sockets_for_another_process_are_left_alone(self):
        tcp = self.listener()
        for pid, count in (("1", "1"), ("", "1"), ("$$", "0"), ("$$", "many")):
            process, line = self.spawn("--tcp", "127.0.0.1:0", sockets=(tcp,), environment={"LISTEN_FDS": count},
                                       pid=pid)
            self.assertTrue(line.startswith("ready"))
            self.assertNotIn(":%d" % tcp.getsockname()[1], line)
            self.stop(process)

    def test_a_restart_with_handed_over_sockets_refuses_no_connection(self):
        tcp, path = self.listener(), os.path.join(self.folder, "handed")
        unix = self.listener(path)
        process, _ = self.spawn(sockets=(tcp, unix))
        refused, served, done = [], [0, 0], threading.Event()

        def keep_connecting(number, address):
            while not done.is_set():
                try:
                    client = Client(address)
                except OSError as error:
                    refused.append(error)
                    continue
                with client:
                    try:
                        client.result("ping")
                        served[number] += 1
                    except (Closed, ConnectionResetError, BrokenPipeError):
                        pass  # it was let in by the one that went

        threads = [threading.Thread(target=keep_connecting, args=pair)
                   for pair in enumerate((tcp.getsockname(), path))]
        for thread in threads:
            thread.start()
        try:
            for _ in range(5):
                before = list(served)
                self.assertTrue(eventually(lambda: all(now > then + 20 for now, then in zip(served, before))))
                self.stop(process)
                time.sleep(0.2)  # nobody serves now: who connects waits
                process, line = self.spawn(sockets=(tcp, unix))
                self.assertTrue(line.startswith("ready"), self.log())
            before = list(served)
            self.assertTrue(eventually(lambda: all(now > then for now, then in zip(served, before))))
        finally:
            done.set()
            for thread in threads:
                thread.join()
        self.assertEqual(refused, [])
        self.stop(process)


if __name__ == "__main__":
    unittest.main()
