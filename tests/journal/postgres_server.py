"""Debian's PostgreSQL for tests: in a temporary folder, run by an unprivileged user, heard on this machine alone."""

import os
import pwd
import shutil
import subprocess
from pathlib import Path
from tempfile import mkdtemp

import psycopg

__all__ = ["PORT", "Server", "binaries"]

PORT = 5432
_SETTINGS = f"-c port={PORT} -c max_connections=40 -c shared_buffers=16MB"


def binaries():
    """The folder of the newest server's programs; None if there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


class Server:
    """A server that was started. Its damage is noticed by checksums of pages."""

    def __init__(self, settings="-c listen_addresses=''"):
        """`settings` are further ones, as options of the server's command line."""
        self._settings = settings
        self._binaries = binaries()
        # PostgreSQL refuses to be run by root.
        self._user = None if os.getuid() else "postgres" if _exists("postgres") else "nobody"
        self.folder = Path(mkdtemp(prefix="mainspring-pg-"))
        self.data = self.folder / "data"
        if self._user is not None:
            shutil.chown(self.folder, self._user)
        self._run("initdb", "--no-sync", "--data-checksums", "--auth=trust", "--username=mainspring", "-D", self.data)
        self.start()

    def start(self):
        """Starts it, and returns once it takes connections."""
        options = f"{_SETTINGS} {self._settings} -c unix_socket_directories='{self.folder}'"
        self._run("pg_ctl", "start", "-w", "-D", self.data, "-o", options, "-l", self.folder / "log")

    def stop(self, how="fast"):
        """Stops it: "immediate" is what a crash is."""
        self._run("pg_ctl", "stop", "-w", "-m", how, "-D", self.data)

    def remove(self):
        """Stops it for good."""
        self.stop("immediate")
        shutil.rmtree(self.folder)

    def own(self, path):
        """Makes a file the server's, and private, as it demands of its key."""
        path.chmod(0o600)
        if self._user is not None:
            shutil.chown(path, self._user)

    def connect(self, schema=None, port=PORT):
        """A connection of a test's own."""
        options = None if schema is None else f"-c search_path={schema}"
        return psycopg.connect(
            host=str(self.folder), port=port, user="mainspring", dbname="postgres", autocommit=True, options=options
        )

    def _run(self, program, *arguments):
        assert self._binaries is not None
        command = [str(self._binaries / program), *map(str, arguments)]
        done = subprocess.run(
            command,
            user=self._user,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr


def _exists(user):
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True
