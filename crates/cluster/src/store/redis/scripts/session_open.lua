-- Begins a session, unless the same one has begun.
-- KEYS: the session.
-- ARGV: milliseconds until it is forgotten if it is abandoned; then fields and values, of which the
-- first is the secret.

if redis.call('HGET', KEYS[1], 'secret') ~= ARGV[3] then
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], unpack(ARGV, 2))
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
end
return 0
