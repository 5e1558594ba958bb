-- What every script that changes something of a user begins with.
-- KEYS: the user's person, sockets, rooms and calls; the partition's online users and connected sockets.
-- ARGV: milliseconds that a user who is not here is remembered, the user; then what each script says.

local person, sockets, rooms, calls, online, connected = unpack(KEYS)
local user = ARGV[2]

-- A socket's place: its number in the order of connecting, what it speaks, its gateway.
local function place(socket)
  local found = redis.call('HGET', sockets, socket)
  if found then
    return string.match(found, '^(%d+) (%S+) (.*)$')
  end
end

-- Notes whether the user looks at a socket.
local function look_at(socket, active)
  local field = 'idle:' .. socket
  if active and redis.call('HDEL', person, field) == 1 then
    redis.call('HINCRBY', person, 'idle', -1)
  elseif not active and redis.call('HSET', person, field, 1) == 1 then
    redis.call('HINCRBY', person, 'idle', 1)
  end
end

-- How a socket is noted with its gateway. Ids contain no control characters.
local function note(gateway, socket)
  return gateway .. '\0' .. socket .. '\0' .. user
end

-- Forgets what is to be forgotten of the user now, and says when the rest is.
local function settle()
  if redis.call('EXISTS', sockets) == 1 then
    for i = 1, 4 do
      redis.call('PERSIST', KEYS[i])
    end
    return
  end
  redis.call('SREM', online, user)
  if redis.call('EXISTS', rooms, calls) == 0 and redis.call('HEXISTS', person, 'announced') == 0 then
    -- Guests do not come back as the same user: when they were last here helps nobody.
    local seen = redis.call('HMGET', person, 'seen', 'guest')
    if not seen[1] or seen[2] == '1' then
      redis.call('DEL', person)
    else
      redis.call('HDEL', person, 'status', 'shown', 'sockets')
    end
  end
  for i = 1, 4 do
    redis.call('PEXPIRE', KEYS[i], ARGV[1])
  end
end
