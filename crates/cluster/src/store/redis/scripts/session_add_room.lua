-- Notes a room of a session.
-- KEYS: the session.
-- ARGV: the room's field, epoch, sequence number, whether the client asked for it (1 or 0).
-- Gives the room's ordinal, nothing if there is no session.

local next = redis.call('HGET', KEYS[1], 'next')
if not next then
  return false
end
local known = redis.call('HGET', KEYS[1], ARGV[1])
if known then
  local ordinal, position = string.match(known, '^(%d+) (%d+ %d+) %d$')
  if ARGV[4] == '1' then
    redis.call('HSET', KEYS[1], ARGV[1], ordinal .. ' ' .. position .. ' 1')
  end
  return ordinal
end
redis.call('HINCRBY', KEYS[1], 'next', 1)
redis.call('HSET', KEYS[1], ARGV[1], table.concat({next, ARGV[2], ARGV[3], ARGV[4]}, ' '))
return next
