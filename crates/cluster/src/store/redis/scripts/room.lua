-- Opens every script on a room: the names of its keys.
--
-- KEYS[1]  head        hash   epoch, seq (of the newest entry ever), roster (its version), turn (of whoever
--                             came last), reach (gateways that hold attendants, one a line, the longest
--                             there first), due (when old entries are looked for), muted (while the chat is
--                             off), access (`members` if only those may come in), code (how many code
--                             changes there were), quiet (when the room was made, or its last attendant
--                             left). A room that was closed has a roster alone.
-- KEYS[2]  log         list   three elements an entry: what it is, time, event. What it is: a message id; a
--                             line feed and the number of a code change; two line feeds for a stroke; else
--                             empty
-- KEYS[3]  members     sorted user by turn
-- KEYS[4]  people      hash   user -> sockets here, those of them that asked for the room, 1 for a guest,
--                             number of the newest entry read, of the newest delivered, encoded user;
--                             separated by spaces. Members, and whoever has a socket here.
-- KEYS[5]  attendance  hash   socket -> seven lines: user, turn, 1 if it asked for the room, vocabulary,
--                             media (bits, empty if it is no peer), when it became a peer, gateway
-- KEYS[6]  peers       sorted socket by turn; the first is the host
-- KEYS[7]  gateways    hash   gateway -> number of attendants
-- KEYS[8]  marks       sorted number, user and emoji in three lines, by number of the message
-- KEYS[9]  outcomes    hash   see room_outcomes.lua
-- KEYS[10] former      hash   see room_outcomes.lua
-- KEYS[11] state       hash   code, version (the newest change in it), whiteboard, seq (of the newest stroke
--                             in it), recording (while somebody records)
-- KEYS[12] banned      set    users who may not come in
-- KEYS[13] all         sorted the rooms of the partition, as a list in the order of their names
--
-- A room that has neither members nor attendants nor entries, and keeps nobody out, is forgotten: its head
-- stays for a while with what it remembers. Times are milliseconds and come as arguments.

local call = redis.call
local head, log, members, people, attendance, peers, gateways, marks, outcomes, former, state, banned, all =
  unpack(KEYS)

local function is_forgotten()
  return call('EXISTS', members, gateways, log, banned) == 0 and call('HEXISTS', head, 'access') == 0
end
