-- Begins a session. If the same one has begun, nothing changes but what never changes by itself.
-- KEYS: the session.
-- ARGV: milliseconds until it is forgotten if it is abandoned; then fields and values, of which the
-- first is the secret, the second the user, and the last what never changes by itself.

if redis.call('HGET', KEYS[1], 'secret') ~= ARGV[3] then
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], unpack(ARGV, 2))
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
elseif redis.call('HGET', KEYS[1], 'user') == ARGV[5] then
  redis.call('HSET', KEYS[1], 'begun', ARGV[#ARGV])
end
return 0
