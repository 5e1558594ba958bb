-- Moves a member's read mark forward.
--
-- ARGV[1] user     ARGV[2] number of the entry
--
-- Gives 1 if it moved, else 0.

local user, seq = ARGV[1], tonumber(ARGV[2])

local person = call('ZSCORE', members, user) and call('HGET', people, user)
if not person then
  return 0
end
local newest = math.min(seq, tonumber(call('HGET', head, 'seq')))
local before, read, after = string.match(person, '^(%d+ %d+ %d )(%d+)( .*)$')
if tonumber(read) >= newest then
  return 0
end
call('HSET', people, user, before .. string.format('%d', newest) .. after)
return 1
