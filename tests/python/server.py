"""Starts Heliograph for a test module, on ports of its own choice and with its log kept as test output.

The binary with every role in one process, or a cluster of processes behind a balancer.
"""

import base64
import hashlib
import hmac
import json
import os
import pathlib
import re
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("HELIOGRAPH_BINARY", str(ROOT / "target/debug/heliograph"))
OUTPUT = pathlib.Path(os.environ.get("HELIOGRAPH_TEST_OUTPUT", str(ROOT / "target/test-output"))) / "python"
SECRET = "end-to-end-secret-of-32-characters"

# The program that starts a cluster, if that is what is tested, and the servers that clusters share.
CLUSTER = os.environ.get("HELIOGRAPH_TEST_CLUSTER")
SHARED = {name: os.environ.get(f"HELIOGRAPH_TEST_{name.upper()}") for name in ("bus", "store", "directory")}

PATIENCE_SECONDS = 10.0


class Server:
    """A running server in jwt mode; `settings` are configuration keys with their values."""

    def __init__(self, name, **settings):
        OUTPUT.mkdir(parents=True, exist_ok=True)
        configuration = OUTPUT / f"{name}.toml"
        values = {
            "public.host": "127.0.0.1",
            "public.port": 0,
            "operations.port": 0,
            "auth.mode": "jwt",
            "auth.secret": SECRET,
            **settings,
        }
        # A JSON string, number or boolean is a TOML value as well.
        configuration.write_text("".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items()))
        log = OUTPUT / f"{name}.log"
        environment = {key: value for key, value in os.environ.items() if not key.startswith("HELIOGRAPH_")}
        with open(log, "wb") as errors:
            self._process = subprocess.Popen(
                [*command(name), "--config", str(configuration)],
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env=environment,
            )
        said = ""
        # The last line of the announcement says that clients may come; a server that ends says nothing more.
        for line in self._process.stdout:
            said += line
            if line.strip() == "ready":
                break
        else:
            self.stop()
            raise RuntimeError(f"the server ended before it was ready, see {log}")
        port = re.search(r"call page.*http://[^/\s]*:(\d+)", said).group(1)
        self.url = f"http://127.0.0.1:{port}"
        # Of a cluster the last process that is named is a gateway.
        self.operations_url = re.findall(r"operations\s+(http://[^/\s]+)/metrics", said)[-1]

    def token(self, user, **claims):
        """A token for a user, valid for an hour."""
        now = int(time.time())
        body = {"sub": user, "name": user.capitalize(), "iat": now, "exp": now + 3600, **claims}
        signed = f"{_encode({'alg': 'HS256', 'typ': 'JWT'})}.{_encode(body)}"
        signature = hmac.new(SECRET.encode(), signed.encode(), hashlib.sha256).digest()
        return f"{signed}.{_base64(signature)}"

    def stop(self):
        """Ends the process."""
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()


def _encode(value):
    return _base64(json.dumps(value, separators=(",", ":")).encode())


def _base64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def command(name):
    """What to run, without its configuration."""
    if not CLUSTER:
        return [BINARY]
    servers = [part for key, url in SHARED.items() if url for part in (f"--{key}", url)]
    return [CLUSTER, "--binary", BINARY, "--prefix", f"t{os.getpid()}-{name}", *servers]
