-- Forgets a room of a user. Begins with presence.lua.
-- ARGV, from the third on: room.

redis.call('ZREM', rooms, ARGV[3])
settle()
return 0
