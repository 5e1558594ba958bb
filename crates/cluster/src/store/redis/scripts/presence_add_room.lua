-- Notes a room of a user, or that it was used. Begins with presence.lua.
-- ARGV, from the third on: room.

local last = redis.call('ZRANGE', rooms, -1, -1, 'WITHSCORES')
redis.call('ZADD', rooms, (last[2] or 0) + 1, ARGV[3])
settle()
return 0
