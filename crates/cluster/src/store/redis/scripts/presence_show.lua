-- Notes which status others are told of. Begins with presence.lua.
-- ARGV, from the third on: status.
-- Gives the one before, nothing if none was told.

local before = redis.call('HGET', person, 'shown')
redis.call('HSET', person, 'shown', ARGV[3])
settle()
return before
