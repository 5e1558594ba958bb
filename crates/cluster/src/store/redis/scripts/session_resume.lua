-- Hands a session to a gateway.
-- KEYS: the session.
-- ARGV: secret, gateway, now, milliseconds until it is forgotten if it is abandoned, and the user if it
-- has to be theirs.
-- Gives the gateway that held it and the session's fields and values; nothing if it is refused.

local held = redis.call('HMGET', KEYS[1], 'secret', 'user', 'until', 'gateway')
if held[1] ~= ARGV[1] or (ARGV[5] and held[2] ~= ARGV[5]) then
  return false
end
if held[3] and tonumber(ARGV[3]) >= tonumber(held[3]) then
  return false
end
redis.call('HSET', KEYS[1], 'gateway', ARGV[2])
redis.call('HDEL', KEYS[1], 'lost', 'until')
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return {held[4], redis.call('HGETALL', KEYS[1])}
