-- Ends a session.
-- KEYS: the session.
-- ARGV: the gateway if it has to be that which holds it.
-- Gives the session's fields and values; nothing if it is not ended.

local gateway = redis.call('HGET', KEYS[1], 'gateway')
if not gateway or (ARGV[1] and gateway ~= ARGV[1]) then
  return false
end
local session = redis.call('HGETALL', KEYS[1])
redis.call('DEL', KEYS[1])
return session
