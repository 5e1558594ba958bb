"""Starts the Heliograph binary for a test module, on free ports and with its log kept as test output."""

import base64
import hashlib
import hmac
import json
import os
import pathlib
import socket
import subprocess
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("HELIOGRAPH_BINARY", str(ROOT / "target/debug/heliograph"))
OUTPUT = pathlib.Path(os.environ.get("HELIOGRAPH_TEST_OUTPUT", str(ROOT / "target/test-output"))) / "python"
SECRET = "end-to-end-secret-of-32-characters"

PATIENCE_SECONDS = 10.0
LOOK_AGAIN_SECONDS = 0.02


class Server:
    """A running server in jwt mode; `settings` are configuration keys with their values."""

    def __init__(self, name, **settings):
        OUTPUT.mkdir(parents=True, exist_ok=True)
        port, operations_port = _free_port(), _free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._ready_url = f"http://127.0.0.1:{operations_port}/readyz"
        configuration = OUTPUT / f"{name}.toml"
        values = {
            "public.host": "127.0.0.1",
            "public.port": port,
            "operations.port": operations_port,
            "auth.mode": "jwt",
            "auth.secret": SECRET,
            **settings,
        }
        # A JSON string, number or boolean is a TOML value as well.
        configuration.write_text("".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items()))
        self._log = open(OUTPUT / f"{name}.log", "wb")
        environment = {key: value for key, value in os.environ.items() if not key.startswith("HELIOGRAPH_")}
        self._process = subprocess.Popen(
            [BINARY, "--config", str(configuration)],
            stdout=self._log,
            stderr=subprocess.STDOUT,
            env=environment,
        )
        try:
            self._wait_until_ready()
        except Exception:
            self.stop()
            raise

    def token(self, user, **claims):
        """A token for a user, valid for an hour."""
        now = int(time.time())
        body = {"sub": user, "name": user.capitalize(), "iat": now, "exp": now + 3600, **claims}
        signed = f"{_encode({'alg': 'HS256', 'typ': 'JWT'})}.{_encode(body)}"
        signature = hmac.new(SECRET.encode(), signed.encode(), hashlib.sha256).digest()
        return f"{signed}.{_base64(signature)}"

    def stop(self):
        """Ends the process and closes its log."""
        self._process.kill()
        self._process.wait()
        self._log.close()

    def _wait_until_ready(self):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise RuntimeError(f"the server ended before it was ready, see {self._log.name}")
            try:
                with urllib.request.urlopen(self._ready_url, timeout=1) as response:
                    if response.status == 200:
                        return
            except (urllib.error.URLError, ConnectionError):
                time.sleep(LOOK_AGAIN_SECONDS)
        raise RuntimeError(f"the server was not ready in time, see {self._log.name}")


def _free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def _encode(value):
    return _base64(json.dumps(value, separators=(",", ":")).encode())


def _base64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
