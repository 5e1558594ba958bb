-- Replaces a call's record if it still has the expected version.
-- KEYS: the call.
-- ARGV: expected version (0: there is none), record, milliseconds until it is forgotten.
-- Gives 1 if it was replaced, else 0.

if (redis.call('HGET', KEYS[1], 'version') or '0') ~= ARGV[1] then
  return 0
end
redis.call('HINCRBY', KEYS[1], 'version', 1)
redis.call('HSET', KEYS[1], 'record', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
