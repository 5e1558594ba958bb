-- Puts a user on the list of another, or takes them off.
-- KEYS: the list, a set.
-- ARGV: the user, 1 to put or 0 to take off, how many users the list may have, milliseconds until the list is
-- forgotten.
-- Gives 1, or 0 if the list is full.

local list = KEYS[1]
if ARGV[2] == '1' then
  if redis.call('SISMEMBER', list, ARGV[1]) == 0 and redis.call('SCARD', list) >= tonumber(ARGV[3]) then
    return 0
  end
  redis.call('SADD', list, ARGV[1])
else
  redis.call('SREM', list, ARGV[1])
end
redis.call('PEXPIRE', list, ARGV[4])
return 1
