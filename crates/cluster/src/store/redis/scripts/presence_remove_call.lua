-- Forgets a call of a user. Begins with presence.lua.
-- ARGV, from the third on: call.

redis.call('SREM', calls, ARGV[3])
settle()
return 0
