"""A PostgreSQL server of the benchmark's own, on a Unix socket, that syncs as one does in earnest."""

import os
import pwd
import re
import shutil
import subprocess
import tempfile
from pathlib import Path


class PrivatePostgres:
    # Defaults, but for what anyone would set on such a machine. fsync, full_page_writes and synchronous_commit stay on.
    SETTINGS = {
        "listen_addresses": "", "max_connections": "200", "shared_buffers": "256MB", "max_wal_size": "4GB",
        "checkpoint_timeout": "15min",
    }

    def __init__(self, preload=None):
        """`preload` is a library that the server loads before all others."""
        self.preload = preload

    def __enter__(self):
        self.directory = tempfile.mkdtemp(prefix="haat-bench-pg-")
        self.binaries = self._binaries()
        self.user = None
        if os.geteuid() == 0:
            self.user = "postgres"
            os.chown(self.directory, pwd.getpwnam("postgres").pw_uid, -1)
        data = f"{self.directory}/data"
        self._run("initdb", "-D", data, "-U", "haat", "-A", "trust", "-E", "UTF8", "--locale=C")
        settings = " ".join(f"-c {key}='{value}'" for key, value in self.SETTINGS.items())
        self._run(
            "pg_ctl", "-D", data, "-w", "-l", f"{self.directory}/log", "-o", f"-k {self.directory} {settings}", "start",
            preload=self.preload)
        return self

    def __exit__(self, *_):
        self._run("pg_ctl", "-D", f"{self.directory}/data", "-m", "fast", "-w", "stop")
        shutil.rmtree(self.directory, ignore_errors=True)

    @property
    def url(self):
        return f"postgres:///postgres?host={self.directory}&user=haat"

    def create_database(self, name):
        self._psql("postgres", "-c", f"CREATE DATABASE {name}")
        return f"postgres:///{name}?host={self.directory}&user=haat"

    def load(self, database, *files):
        for file in files:
            self._psql(database, "-v", "ON_ERROR_STOP=1", "-f", str(file))

    def pgbench(self, database, script, clients, seconds):
        """Transactions a second and the average milliseconds of one."""
        output = subprocess.run(
            [self._binary("pgbench"), "-h", self.directory, "-U", "haat", "-n", "-M", "prepared", "-c", str(clients),
             "-j", "2", "-T", str(seconds), "-f", str(script), database],
            check=True, stdout=subprocess.PIPE, text=True).stdout
        failed = int(re.search(r"number of failed transactions: (\d+)", output).group(1))
        if failed:
            raise RuntimeError(f"{failed} of the peer's transactions failed: {output}")
        return (float(re.search(r"tps = ([\d.]+)", output).group(1)),
                float(re.search(r"latency average = ([\d.]+)", output).group(1)))

    def _psql(self, database, *arguments):
        subprocess.run([self._binary("psql"), "-q", "-h", self.directory, "-U", "haat", "-d", database, *arguments],
                       check=True, stdout=subprocess.DEVNULL)

    def _run(self, program, *arguments, preload=None):
        become = ["setpriv", "--reuid", self.user, "--regid", self.user, "--clear-groups", "--"] if self.user else []
        environment = {**os.environ, **({"LD_PRELOAD": str(preload)} if preload else {})}
        subprocess.run([*become, self._binary(program), *arguments], check=True, cwd=self.directory, env=environment,
                       stdout=subprocess.DEVNULL)

    def _binary(self, program):
        return str(self.binaries / program)

    @staticmethod
    def _binaries():
        versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
        if not versions:
            raise RuntimeError("no PostgreSQL server in /usr/lib/postgresql: apt-get install postgresql")
        return versions[-1]
