-- Counts one use.
-- KEYS: the user's uses of the limited operation.
-- ARGV: now, end of a window that begins now, how many uses a window has, milliseconds until the
-- counter is forgotten.
-- Gives nothing if the use is within the limit, else the end of the window.

local window = redis.call('HMGET', KEYS[1], 'until', 'used')
local ends, used = window[1], tonumber(window[2] or 0)
if not ends or tonumber(ARGV[1]) >= tonumber(ends) then
  ends, used = ARGV[2], 0
  redis.call('HSET', KEYS[1], 'until', ends, 'used', 0)
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
end
if used >= tonumber(ARGV[3]) then
  return ends
end
redis.call('HINCRBY', KEYS[1], 'used', 1)
return false
