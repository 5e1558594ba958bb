-- Removes a deadline if it is still set for that time.
-- KEYS: the partition's deadlines.
-- ARGV: the deadline's key, milliseconds of its time.

local at = redis.call('ZSCORE', KEYS[1], ARGV[1])
if at and tonumber(at) == tonumber(ARGV[2]) then
  redis.call('ZREM', KEYS[1], ARGV[1])
end
return 0
