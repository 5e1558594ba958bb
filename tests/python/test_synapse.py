"""The synapse vocabulary with python-socketio, over polling and over WebSocket."""

import asyncio
import itertools
import time
import unittest

import socketio

from server import PATIENCE_SECONDS, Server

NUMBERS = itertools.count(1)


class Client:
    """A stock asyncio client and what it has heard."""

    def __init__(self, server, transport, user, **options):
        self.user = user
        self._server = server
        self._transport = transport
        self._heard = asyncio.Queue()
        self._kept = []
        self.io = socketio.AsyncClient(reconnection=False, **options)
        self.io.on("*", self._hear)
        self.io.on("disconnect", self._gone)

    async def connect(self, token=None):
        """Connects with a token of the user, or with the one given."""
        await self.io.connect(
            self._server.url,
            transports=[self._transport],
            auth={"token": token or self._server.token(self.user)},
            wait_timeout=PATIENCE_SECONDS,
        )
        return self

    async def ask(self, event, **payload):
        """Emits an event and gives the acknowledgement."""
        return await self.io.call(event, payload, timeout=PATIENCE_SECONDS)

    async def next(self, event):
        """The payload of the next event of that name; others are kept."""
        for entry in self._kept:
            if entry[0] == event:
                self._kept.remove(entry)
                return entry[1]
        while True:
            entry = await asyncio.wait_for(self._heard.get(), PATIENCE_SECONDS)
            if entry[0] == event:
                return entry[1]
            self._kept.append(entry)

    async def _hear(self, event, *payloads):
        await self._heard.put((event, payloads[0] if payloads else None))

    async def _gone(self, *reason):
        await self._heard.put(("disconnect", reason[0] if reason else None))


class Scenarios:
    """The scenarios; the classes below say over which transport."""

    transport = None
    settings = {}

    @classmethod
    def setUpClass(cls):
        cls.server = Server(cls.__name__.lower(), **cls.settings)

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    async def asyncSetUp(self):
        self.clients = []

    async def asyncTearDown(self):
        for client in self.clients:
            await client.io.disconnect()

    async def join(self, name, room):
        client = await self.person(name)
        ack = await client.ask("room:join", roomId=room)
        self.assertTrue(ack["success"], ack)
        return client

    async def person(self, name):
        client = Client(self.server, self.transport, f"{name}{next(NUMBERS)}")
        self.clients.append(client)
        await client.connect()
        await client.next("authenticated")
        return client

    def room(self):
        return f"room-{next(NUMBERS)}"

    async def test_a_connection_uses_the_transport_it_was_told_to_use(self):
        alice = await self.person("alice")
        self.assertEqual(alice.io.transport(), self.transport)

    async def test_a_message_reaches_everybody_in_the_room_and_is_acknowledged(self):
        room = self.room()
        alice = await self.join("alice", room)
        bob = await self.join("bob", room)
        ack = await alice.ask("message:send", roomId=room, content="hello")
        self.assertTrue(ack["success"], ack)
        for person in (alice, bob):
            heard = await person.next("message:new")
            self.assertEqual(
                (heard["id"], heard["content"], heard["userId"], heard["seq"]),
                (ack["messageId"], "hello", alice.user, ack["seq"]),
            )

    async def test_no_more_than_sixteen_packets_come_in_one_polling_payload(self):
        # python-engineio drops a connection whose polling payload holds more.
        room = self.room()
        alice = await self.join("alice", room)
        bob = await self.join("bob", room)
        sends = [alice.ask("message:send", roomId=room, content=f"{index}") for index in range(100)]
        acks = await asyncio.gather(*sends)
        self.assertTrue(all(ack["success"] for ack in acks))
        heard = [(await bob.next("message:new"))["seq"] for _ in acks]
        self.assertEqual(heard, sorted(ack["seq"] for ack in acks))
        self.assertTrue(bob.io.connected)

    async def test_text_of_every_plane_arrives_unchanged(self):
        room = self.room()
        alice = await self.join("alice", room)
        bob = await self.join("bob", room)
        text = "plain, \u00e4\u00f6\u00fc, \u4e2d\u6587, \U0001f600, \u2028 and \"quotes\"\n"
        await alice.ask("message:send", roomId=room, content=text)
        self.assertEqual((await bob.next("message:new"))["content"].strip(), text.strip())

    async def test_typing_and_reactions_are_heard(self):
        room = self.room()
        alice = await self.join("alice", room)
        bob = await self.join("bob", room)
        await alice.io.emit("typing:start", {"roomId": room})
        self.assertEqual((await bob.next("user:typing"))["userId"], alice.user)
        await alice.io.emit("typing:stop", {"roomId": room})
        self.assertEqual((await bob.next("user:stop-typing"))["userId"], alice.user)
        message = (await alice.ask("message:send", roomId=room, content="x"))["messageId"]
        await bob.ask("message:react", roomId=room, messageId=message, emoji="+1")
        self.assertEqual((await alice.next("message:reaction-added"))["emoji"], "+1")

    async def test_a_call_rings_is_answered_signals_and_ends(self):
        alice = await self.person("alice")
        bob = await self.person("bob")
        made = await alice.ask("call-initiate", participants=[bob.user], type="video")
        call = made["callId"]
        self.assertEqual((await bob.next("call-incoming"))["from"], alice.user)
        self.assertTrue((await bob.ask("call-accept", callId=call))["success"])
        self.assertEqual((await alice.next("call-accepted"))["by"], bob.user)
        await alice.ask("webrtc-signal", to=bob.user, callId=call, signal={"type": "offer", "sdp": "v=0\r\n"})
        self.assertEqual((await bob.next("webrtc-signal"))["signal"]["sdp"], "v=0\r\n")
        await bob.ask("call-end", callId=call)
        self.assertEqual((await alice.next("call-ended"))["reason"], "user-ended")

    async def test_a_refusal_comes_as_acknowledgement_and_as_error(self):
        alice = await self.person("alice")
        ack = await alice.ask("message:send", roomId=self.room(), content="x")
        self.assertEqual((ack["success"], ack["code"], ack["event"]), (False, "NOT_IN_ROOM", "message:send"))
        self.assertEqual((await alice.next("error"))["code"], "NOT_IN_ROOM")

    async def test_a_bad_token_is_refused_with_its_code(self):
        nobody = Client(self.server, self.transport, "nobody")
        refusals = asyncio.Queue()
        nobody.io.on("connect_error", refusals.put)
        with self.assertRaises(socketio.exceptions.ConnectionError):
            await nobody.connect("not.a.token")
        refusal = await asyncio.wait_for(refusals.get(), PATIENCE_SECONDS)
        self.assertEqual((refusal["message"], refusal["data"]["code"]), ("Authentication failed", "AUTH_FAILED"))

    async def test_a_token_that_expires_is_told_before_the_connection_ends(self):
        user = f"alice{next(NUMBERS)}"
        alice = Client(self.server, self.transport, user)
        self.clients.append(alice)
        await alice.connect(self.server.token(user, exp=int(time.time()) + 2))
        self.assertEqual((await alice.next("error"))["message"], "Token has expired")
        await alice.next("disconnect")

    async def test_others_hear_a_leave_when_somebody_disconnects(self):
        room = self.room()
        alice = await self.join("alice", room)
        bob = await self.join("bob", room)
        await bob.io.disconnect()
        self.assertEqual((await alice.next("user:left-room"))["userId"], bob.user)


class OverPolling(Scenarios, unittest.IsolatedAsyncioTestCase):
    transport = "polling"


class OverWebSocket(Scenarios, unittest.IsolatedAsyncioTestCase):
    transport = "websocket"


class BlockingClient(unittest.TestCase):
    """The client without asyncio, which upgrades from polling to WebSocket by itself."""

    def test_it_starts_with_polling_goes_over_to_websocket_and_talks(self):
        server = Server("blocking-client")
        self.addCleanup(server.stop)
        client = socketio.SimpleClient(reconnection=False)
        self.addCleanup(client.disconnect)
        client.connect(server.url, auth={"token": server.token("alice")}, wait_timeout=PATIENCE_SECONDS)
        # What it speaks is not known yet: it is greeted as a guest as well.
        greetings = [client.receive(timeout=PATIENCE_SECONDS)[0] for _ in range(2)]
        self.assertEqual(greetings, ["authenticated", "connection:established"])
        self.assertEqual(client.transport, "websocket")
        self.assertTrue(client.call("room:join", {"roomId": "hall"}, timeout=PATIENCE_SECONDS)["success"])
        ack = client.call("message:send", {"roomId": "hall", "content": "hello"}, timeout=PATIENCE_SECONDS)
        # Recovery adds an argument to each event, which this client shows.
        name, heard, *_ = client.receive(timeout=PATIENCE_SECONDS)
        self.assertEqual((name, heard["id"]), ("message:new", ack["messageId"]))


if __name__ == "__main__":
    unittest.main()
