"""What the OpenAPI documents say of both ports holds for whatever is asked of them.

Requests are generated from the documents, right and wrong ones alike: none is answered with an error of the server, with
a status that is not described, or with a body that does not fit its description.
"""

import subprocess
import sys
import unittest

from server import OUTPUT, Server

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


class Described(unittest.TestCase):
    """Both ports of one server."""

    @classmethod
    def setUpClass(cls):
        cls.server = Server("openapi", **{"ice.stun": []})

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def test_the_public_port(self):
        self.check(f"{self.server.url}/api/openapi.json", self.server.url, self.server.token("alice"))

    def test_the_operations_port(self):
        url = self.server.operations_url
        self.check(f"{url}/admin/openapi.json", url, self.server.token("operator", admin=True))

    def check(self, document, url, token):
        """Asks what the document describes, and fails with what does not fit."""
        authorization = f"Authorization: Bearer {token}"
        command = [sys.executable, "-m", "schemathesis.cli", "run", document, "--url", url, "--header", authorization]
        # The same requests each time, so that a failure is one for everybody.
        options = ["--checks", CHECKS, "--phases", "examples,coverage,fuzzing", "--max-examples", "20", "--no-color"]
        # What is learnt from one answer is used in the next: it would drain the very node that is asked.
        options += ["--generation-deterministic", "--exclude-operation-id", "drainNode"]
        done = subprocess.run([*command, *options], capture_output=True, text=True, timeout=300, cwd=OUTPUT)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
