-- Who is in the room. After the script has read `roster` and `reach` from the head; it writes them back.

local roster, reach

-- What is kept of a user: sockets here, those of them that asked for the room, 1 for a guest, number of the
-- newest entry read, of the newest delivered, encoded user. Zeros for somebody unknown.
local function person(user)
  local stored = call('HGET', people, user)
  if not stored then
    return 0, 0, '0', 0, 0, ''
  end
  local sockets, explicit, guest, read, delivered, encoded =
    string.match(stored, '^(%d+) (%d+) (%d) (%d+) (%d+) (.*)$')
  return tonumber(sockets), tonumber(explicit), guest, read, delivered, encoded
end

local function set_person(user, sockets, explicit, guest, read, delivered, encoded)
  local numbers = string.format('%d %d %s %d %d ', sockets, explicit, guest, read, delivered)
  call('HSET', people, user, numbers .. encoded)
end

-- Makes somebody a member who has no socket here. Gives whether they were none.
local function enroll(user, guest, encoded, turn, seq)
  if call('ZADD', members, 'NX', turn, user) == 0 then
    return false
  end
  local sockets, explicit, known_as, _, _, known = person(user)
  if known ~= '' then
    guest, encoded = known_as, known
  end
  -- What was said before was not said to them.
  set_person(user, sockets, explicit, guest, seq, seq, encoded)
  return true
end

-- The parts of an attendance: user, turn, 1 if it asked for the room, vocabulary, media, when it became a
-- peer, gateway.
local function parts_of(attending)
  return string.match(attending, '^([^\n]*)\n(%d+)\n(%d)\n([%l%-]+)\n(%d*)\n(%d*)\n(.*)$')
end

local function user_of(attending)
  return string.match(attending, '^[^\n]*')
end

local function host()
  return call('ZRANGE', peers, 0, 0)[1] or false
end

local function count_in(gateway)
  if call('HINCRBY', gateways, gateway, 1) == 1 then
    reach = reach == '' and gateway or reach .. '\n' .. gateway
  end
end

local function count_out(gateway)
  if call('HINCRBY', gateways, gateway, -1) > 0 then
    return
  end
  call('HDEL', gateways, gateway)
  local others = {}
  for other in string.gmatch(reach, '[^\n]+') do
    if other ~= gateway then
      others[#others + 1] = other
    end
  end
  reach = table.concat(others, '\n')
end

-- Counts a change that others have to be told of, if it is one. Gives the version after it.
local function count_change(told)
  if told then
    roster = roster + 1
  end
  return roster
end

-- Takes a socket out. Gives { socket, attending, encoded user, whether the user's last socket went that had
-- asked for the room, new host }; says nothing about the roster's version and membership.
local function take_out(socket, attending)
  local user, _, was_explicit, _, media, _, gateway = parts_of(attending)
  local was_host = media ~= '' and host() == socket
  call('HDEL', attendance, socket)
  call('ZREM', peers, socket)
  count_out(gateway)
  local sockets, explicit, guest, read, delivered, encoded = person(user)
  local rest = explicit - was_explicit
  set_person(user, sockets - 1, rest, guest, read, delivered, encoded)
  return { socket, attending, encoded, was_explicit == '1' and rest == 0, was_host and host() }
end

-- Ends a membership that is to end, or is a guest's who has no socket here any more and may come back, and
-- forgets whoever is neither a member nor here. Gives whether the membership ended.
local function settle(user, for_good)
  local sockets, _, guest = person(user)
  local ended = false
  if for_good or (guest == '1' and sockets == 0 and call('HEXISTS', head, 'access') == 0) then
    ended = call('ZREM', members, user) == 1
  end
  if sockets == 0 and not call('ZSCORE', members, user) then
    call('HDEL', people, user)
  end
  return ended
end
