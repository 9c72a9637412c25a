"""Certificates for a test, made by the openssl command as docs/access.md says, in a folder that goes with the test."""

import os
import shutil
import subprocess
import tempfile


class Certificates:
    """A CA, and what it signs. Paths: ca, and of each name NAME.pem and NAME.key below `folder`."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="wirefoldd-tls-")
        self.ca = self.path("ca.pem")
        self.authority("ca")

    def close(self):
        shutil.rmtree(self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], check=True, cwd=self.folder, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)

    def new_key(self, name, kind):
        if kind == "rsa":
            self.openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", name + ".key")
        else:
            self.openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", name + ".key")

    def authority(self, name):
        self.new_key(name, "ec")
        self.openssl("req", "-x509", "-new", "-key", name + ".key", "-subj", "/CN=" + name, "-days", "3650",
                     "-out", name + ".pem")

    def sign(self, name, *, ca="ca", names="DNS:localhost,IP:127.0.0.1", usage="serverAuth", days=365, kind="ec"):
        self.new_key(name, kind)
        with open(self.path(name + ".ext"), "w", encoding="ascii") as file:
            file.write("subjectAltName=%s\nextendedKeyUsage=%s\nbasicConstraints=CA:FALSE\n" % (names, usage))
        self.openssl("req", "-new", "-key", name + ".key", "-subj", "/CN=" + name, "-out", name + ".csr")
        self.openssl("x509", "-req", "-in", name + ".csr", "-CA", ca + ".pem", "-CAkey", ca + ".key",
                     "-CAcreateserial", "-extfile", name + ".ext", "-days", str(days), "-out", name + ".pem")
        return self.path(name + ".pem"), self.path(name + ".key")
