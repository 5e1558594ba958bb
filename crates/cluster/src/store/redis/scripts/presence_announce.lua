-- Notes whether others have been told that a user is online. Begins with presence.lua.
-- ARGV, from the third on: 1 or 0.
-- Gives 1 if that is a change, else 0.

local changed
if ARGV[3] == '1' then
  changed = redis.call('HSET', person, 'announced', 1)
else
  changed = redis.call('HDEL', person, 'announced')
end
settle()
return changed
