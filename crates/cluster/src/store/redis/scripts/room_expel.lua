-- Ends a user's attendances and membership.
--
-- ARGV[8] user     ARGV[9] 1 to keep them out
--
-- Gives { attendances as `take_out` gives them, with the roster's version at the end; whether the membership
-- ended; whether nobody is a member now; reach }.

local user, ban = unpack(ARGV, 8)

local epoch
epoch, roster, reach = unpack(call('HMGET', head, 'epoch', 'roster', 'reach'))
roster, reach = tonumber(roster or 0), reach or ''

local answer = recall()
if answer then
  local removed, ended, deserted = unpack(cmsgpack.unpack(answer))
  return { removed, ended, deserted, reach }
end
if not epoch or is_forgotten() then
  if remembers() then
    remember(cmsgpack.pack({ {}, false, false }))
  end
  return { {}, false, false, '' }
end

local theirs = {}
if person(user) > 0 then
  local here = call('HGETALL', attendance)
  for i = 1, #here, 2 do
    local owner, turn = parts_of(here[i + 1])
    if owner == user then
      theirs[#theirs + 1] = { tonumber(turn), here[i], here[i + 1] }
    end
  end
end
table.sort(theirs, function(one, other) return one[1] < other[1] end)
local removed = {}
for i, other in ipairs(theirs) do
  local left = take_out(other[2], other[3])
  local _, _, _, _, media = parts_of(other[3])
  left[6] = count_change(left[4] or media ~= '')
  removed[i] = left
end
if reach == '' and #removed > 0 then
  call('HSET', head, 'quiet', now)
end
local ended = settle(user, true)
local deserted = ended and call('EXISTS', members) == 0
if ban == '1' then
  call('SADD', banned, user)
end
remember(cmsgpack.pack({ removed, ended, deserted }))
call('HSET', head, 'roster', roster, 'reach', reach)
keep()
return { removed, ended, deserted, reach }
