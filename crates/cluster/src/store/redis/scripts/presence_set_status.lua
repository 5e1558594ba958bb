-- Chooses a user's status. Begins with presence.lua.
-- ARGV, from the third on: status, now.
-- Gives the status before, nothing if none was chosen.

local before = redis.call('HGET', person, 'status')
redis.call('HSET', person, 'status', ARGV[3])
if redis.call('EXISTS', sockets) == 1 then
  redis.call('HSET', person, 'seen', ARGV[4])
end
settle()
return before
